import Archive
import DockerAPI
import FoundationEssentials
import Glibc
import Linux
import OCI
import Synchronization
import SystemPackage

/// The volumes of a data root: `volumes/<name>/_data` as Docker's `local` driver keeps them, and what is said of each in
/// `varve/volumes/<name>.json`. One that has no such file is dockerd's.
///
/// A volume that somebody uses is never deleted. Synchronous; safe to call from any thread that may block.
final class VolumeStore: Sendable {
    private struct State {
        /// The containers that have each volume, running or not.
        var users: [String: Set<String>] = [:]
    }

    private let folder: FilePath
    private let notes: FilePath
    /// What is mounted for volumes that are no folders.
    let devices: VolumeDevices
    /// Where volumes go that are being deleted: a name there is nobody's.
    private let removed: FilePath
    private let state = Mutex(State())
    /// One volume is filled at a time, so that two containers do not both find it empty.
    let filling = Mutex(())

    init(dataRoot: FilePath) throws {
        folder = dataRoot.appending("volumes")
        notes = dataRoot.appending("varve").appending("volumes")
        removed = notes.appending("removed")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o701))
        devices = VolumeDevices(folder)
        try makeFolders(removed, mode: FilePermissions(rawValue: 0o700))
        try removeAsides(in: notes)
        for name in try listFolder(removed) { try? removeTree(removed.appending(name)) }
        for name in try listFolder(folder) where name.hasPrefix(Self.aside) { try? removeTree(place(name)) }
    }

    /// What the names in `volumes` of those begin with that are being deleted; no volume is called so.
    private static let aside = ".removed-"

    /// The label that Docker gives volumes nobody named.
    static let anonymous = "com.docker.volume.anonymous"

    // MARK: What there is

    func all() throws -> [Volume] {
        try listFolder(folder).sorted().compactMap { Self.isValid($0) ? try? volume($0) : nil }
    }

    /// Throws where there is none of that name.
    func volume(_ name: String) throws -> Volume {
        guard Self.isValid(name), isFolder(place(name)) else {
            throw EngineError(.notFound, "get \(name): no such volume")
        }
        var volume = Volume()
        if let note = try? readFile(self.note(name), limit: 1 << 20) {
            volume = (try? JSONDecoder().decode(Volume.self, from: Data(note))) ?? volume
        }
        if volume.createdAt.isEmpty {
            // dockerd writes that down nowhere that others can read.
            let made = try ContainedFile("/.", in: place(name)).modified
            volume.createdAt = Timestamp(seconds: made.seconds).description
        }
        volume.name = name
        volume.mountpoint = data(name).string
        volume.options = (try? devices.device(of: name))?.asked
        return volume
    }

    /// The folder that containers see.
    func data(_ name: String) -> FilePath { place(name).appending("_data") }

    func users(of name: String) -> Set<String> { state.withLock { $0.users[name] ?? [] } }

    func place(_ name: String) -> FilePath { folder.appending(name) }
    private func note(_ name: String) -> FilePath { notes.appending("\(name).json") }

    /// Docker's rule, and what a file system can hold.
    static func isValid(_ name: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        guard (2...200).contains(name.utf8.count), let first = name.utf8.first, isPlain(first) else { return false }
        return name.utf8.allSatisfy { isPlain($0) || [0x5f, 0x2e, 0x2d].contains($0) }
    }

    // MARK: Making and removing

    /// Makes the volume unless it is there; returns whether it made it.
    @discardableResult
    func create(_ name: String, labels: [String: String]?, options: [String: String] = [:]) throws -> Bool {
        guard Self.isValid(name) else {
            throw EngineError(
                .invalid,
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only "
                    + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            )
        }
        return try state.withLock { _ in try make(name, labels, try VolumeDevice(options)) }
    }

    private func make(_ name: String, _ labels: [String: String]?, _ device: VolumeDevice?) throws -> Bool {
        // Not asked itself: what is mounted there may be of a server that does not answer.
        if try isFolder(place(name)) && listFolder(place(name)).contains("_data") { return false }
        var volume = Volume()
        volume.createdAt = Timestamp.now.description
        volume.labels = labels
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Its labels first: a volume that is there has them.
        try writeAtomically(Array(try encoder.encode(volume)), to: note(name))
        try makeFolders(place(name), mode: FilePermissions(rawValue: 0o701))
        try devices.set(device, of: name)
        try makeFolders(data(name), mode: FilePermissions(rawValue: 0o755))
        try flushNames(in: place(name))
        try flushNames(in: folder)
        return true
    }

    /// The container has the volume from now on; it is made if it is not there. Returns whether it was made.
    func claim(
        _ name: String,
        for container: String,
        labels: [String: String]?,
        options: [String: String] = [:]
    ) throws -> Bool {
        guard Self.isValid(name) else { return try create(name, labels: labels, options: options) }  // throws
        return try state.withLock { state in
            let isNew = try make(name, labels, try VolumeDevice(options))
            state.users[name, default: []].insert(container)
            return isNew
        }
    }

    /// A container that is there has the volume, whether that is there or not.
    func note(_ container: String, has name: String) {
        state.withLock { _ = $0.users[name, default: []].insert(container) }
    }

    /// The container is gone.
    func release(_ container: String) {
        state.withLock { state in
            for (name, users) in state.users where users.contains(container) {
                state.users[name] = users.count > 1 ? users.subtracting([container]) : nil
            }
        }
    }

    /// Deletes the volume; refused while a container has it. A kill leaves it whole, or gone at the next start.
    func remove(_ name: String) throws {
        _ = try volume(name)
        try state.withLock { try Self.refuseUsed(name, $0) }
        // What it shows is not deleted with it.
        try devices.unmount(name)
        var aside = removed.appending(randomHex(bytes: 16))
        try state.withLock { state in
            try Self.refuseUsed(name, state)
            do throws(SystemError) {
                try sys("remove volume \(name)") { rename(place(name).string, aside.string) }
            } catch {
                // `volumes` may be a disk of its own.
                guard error.errno == .improperLink else { throw error }
                aside = place("\(Self.aside)\(randomHex(bytes: 16))")
                try Linux.rename(place(name), to: aside)
            }
            unlink(note(name).string)
        }
        if exists(aside) { try removeTree(aside) }
    }

    private static func refuseUsed(_ name: String, _ state: State) throws {
        guard let users = state.users[name], !users.isEmpty else { return }
        let names = users.sorted().joined(separator: ", ")
        throw EngineError(.conflict, "remove \(name): volume is in use - [\(names)]")
    }

    /// Bytes of the volume's files; -1 where they lie elsewhere.
    func size(of name: String) throws -> Int64 {
        try devices.device(of: name) == nil ? diskUsage(of: data(name)) : -1
    }
}
