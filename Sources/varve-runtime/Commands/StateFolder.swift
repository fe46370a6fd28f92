import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// A container that somebody made without the daemon: what is known of it, in `state.json` of its folder.
struct ContainerRecord: Codable {
    var ociVersion: String
    var id: String
    /// 0: it is being made.
    var pid: Int32 = 0
    /// When the process began, in the kernel's ticks: another process may get the same number.
    var startTime: UInt64 = 0
    var bundle: String
    var rootfs: String
    var created: Timestamp
    var owner: String
    var cgroupsPath: String
    var annotations: [String: String]?
}

/// `<root>/<id>`: a container's record, its configuration, its seccomp filter, and, until it is started, a socket for that.
struct StateFolder {
    let id: String
    let path: FilePath

    /// Throws where `id` is none.
    init(_ id: String, _ invocation: Invocation) throws {
        let isFine = id.utf8.allSatisfy { $0 < 128 && (Character(UnicodeScalar($0)).isLetter || isOther($0)) }
        guard !id.isEmpty, id.utf8.count <= 1024, isFine, id != ".", id != ".." else {
            throw StepError("invalid container ID format: \"\(id)\"; letters, digits and _ + - . are allowed")
        }
        self.id = id
        path = invocation.root.appending(id)
    }

    /// Makes the folder; throws where the container is there.
    func make() throws {
        try makeFolders(path.removingLastComponent(), mode: FilePermissions(rawValue: 0o700))
        do { try makeFolder(path, 0o700) } catch {
            guard error.errno == .fileExists else { throw error }
            throw StepError("container with given ID already exists: \(id)")
        }
    }

    func remove() throws { try removeTree(path) }

    func write(_ record: ContainerRecord) throws {
        try writeAtomically(Array(try JSONEncoder().encode(record)), to: path.appending("state.json"), flush: false)
    }

    func write(_ spec: RuntimeSpec) throws {
        try writeAtomically(Array(try JSONEncoder().encode(spec)), to: path.appending("config.json"), flush: false)
    }

    /// The socket on which its process waits for the start, relative to the folder; `starting` while somebody does it.
    static let gate = "start.sock"
    static let starting = "starting.sock"

    /// Whether the folder is there, even of a container whose making was cut short.
    var isThere: Bool { isFolder(path) }

    /// Throws where there is no such container.
    func record() throws -> ContainerRecord {
        guard let bytes = try? readFile(path.appending("state.json")) else {
            throw StepError("container does not exist: \(id) (looked in \(path))")
        }
        return try step("state.json") { try JSONDecoder().decode(ContainerRecord.self, from: Data(bytes)) }
    }

    /// The configuration that it was made with.
    func spec() throws -> RuntimeSpec {
        try step("config.json") {
            try JSONDecoder().decode(RuntimeSpec.self, from: Data(readFile(path.appending("config.json"))))
        }
    }

    func status(_ record: ContainerRecord) -> RuntimeState.Status {
        if record.pid == 0 { return .creating }
        guard ProcessStatus(record.pid)?.isAlive(since: record.startTime) == true else { return .stopped }
        if CommandGroups(record.cgroupsPath)?.isFrozen == true { return .paused }
        return exists(path.appending(Self.gate)) ? .created : .running
    }

    func state(_ record: ContainerRecord) -> RuntimeState {
        let status = status(record)
        var state = RuntimeState(
            ociVersion: record.ociVersion,
            id: id,
            status: status,
            pid: status == .stopped ? 0 : record.pid,
            bundle: record.bundle
        )
        state.annotations = record.annotations
        return state
    }
}

private func isOther(_ byte: UInt8) -> Bool { "0123456789_+-.".utf8.contains(byte) }

/// What the kernel says of a process in `/proc/<pid>/stat`.
struct ProcessStatus {
    let state: Character
    let startTime: UInt64

    /// Nil where there is no such process.
    init?(_ pid: Int32) {
        guard let bytes = try? readFile(FilePath("/proc/\(pid)/stat"), limit: 4096),
            // The name before may hold anything.
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = String(decoding: bytes[(end + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let time = UInt64(fields[19]) else { return nil }
        (self.state, startTime) = (state, time)
    }

    /// Whether it is the process that began then, and no zombie of it.
    func isAlive(since time: UInt64) -> Bool { startTime == time && state != "Z" && state != "X" }
}
