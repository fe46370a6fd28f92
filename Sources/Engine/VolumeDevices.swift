import FoundationEssentials
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Mounts the volumes that have a device while somebody uses them: with the first, all see the same mount; after the last it
/// is gone. Volumes without one are folders, and nothing is done for them.
///
/// Mounts outlive a daemon, as containers do. Synchronous; safe to call from any thread that may block.
final class VolumeDevices: Sendable {
    /// Who uses a volume. A lock each: a mount may take as long as a server that does not answer.
    private final class Users: Sendable { let holders = Mutex<Set<String>>([]) }

    private let volumes: FilePath
    private let users = Mutex<[String: Users]>([:])
    /// Until all containers that run are known, nothing is unmounted: it may be theirs.
    private let knowsHolders = Mutex(false)

    /// `volumes` is there.
    init(_ volumes: FilePath) {
        // As the kernel's list of mounts names it.
        let real = realpath(volumes.string, nil)
        defer { free(real) }
        self.volumes = real.map { FilePath(platformString: $0) } ?? volumes
    }

    private func data(_ name: String) -> FilePath { volumes.appending(name).appending("_data") }
    private func file(_ name: String) -> FilePath { volumes.appending(name).appending("opts.json") }

    /// What a volume shows, if it is no folder; throws where that can't be read.
    func device(of name: String) throws -> VolumeDevice? {
        do {
            let bytes = try readFile(file(name), limit: 1 << 20)
            let device = try JSONDecoder().decode(VolumeDevice.self, from: Data(bytes))
            // A folder of dockerd's that is only limited.
            return device.type.isEmpty && device.device.isEmpty ? nil : device
        } catch let error as SystemError where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch is DecodingError {
            throw EngineError(.failed, "\(file(name)) is damaged: it does not say what volume \(name) shows")
        }
    }

    /// Before the volume's `_data` is there: what is left of one that was never finished goes.
    func set(_ device: VolumeDevice?, of name: String) throws {
        if let device {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            try writeAtomically(Array(try encoder.encode(device)), to: file(name))
        } else if exists(file(name)) {
            try removeTree(file(name))
        }
    }

    /// `holder` uses the volume until it drops it.
    func take(_ name: String, for holder: String) throws {
        guard let device = try device(of: name) else { return }
        try users(of: name).holders.withLock { holders in
            if holders.isEmpty, try !Self.isMounted(data(name)) {
                do { try device.mount().make(at: data(name)) } catch let error as SystemError {
                    let what = "\(device.device) (type \(device.type), o \(device.options)) on \(data(name))"
                    let said = device.withoutPasswords("mount \(what): \(error)")
                    throw EngineError(.failed, "failed to mount local volume: \(said)")
                }
            }
            holders.insert(holder)
        }
    }

    func drop(_ name: String, for holder: String) throws {
        guard try device(of: name) != nil else { return }
        try users(of: name).holders.withLock { holders in
            holders.remove(holder)
            if holders.isEmpty, knowsHolders.withLock({ $0 }) { try unmountAll(name) }
        }
    }

    /// Runs `body` while the volumes are mounted.
    func with<T>(_ names: Set<String>, _ body: () throws -> T) throws -> T {
        guard let name = names.first else { return try body() }
        let holder = randomHex(bytes: 8)
        try take(name, for: holder)
        let result = Result { try with(names.subtracting([name]), body) }
        try drop(name, for: holder)
        return try result.get()
    }

    /// All who run have taken theirs: what else is mounted was left by a daemon that was killed.
    func holdersAreKnown() throws {
        knowsHolders.withLock { $0 = true }
        for name in try listFolder(volumes) where exists(file(name)) {
            try users(of: name).holders.withLock { if $0.isEmpty { try unmountAll(name) } }
        }
    }

    /// Unmounts the volume, which is to be deleted; throws where somebody uses it, or has mounted something else in it.
    func unmount(_ name: String) throws {
        if exists(file(name)) { try users(of: name).holders.withLock { if $0.isEmpty { try unmountAll(name) } } }
        let below = try MountInfo.all().filter { $0.target.starts(with: volumes.appending(name)) }
        guard let found = below.first else { return }
        throw EngineError(
            .conflict,
            "remove \(name): volume is in use - something is mounted on \(found.target): unmount it first"
        )
    }

    private func users(of name: String) -> Users {
        users.withLock { users in
            if let known = users[name] { return known }
            let new = Users()
            users[name] = new
            return new
        }
    }

    private func unmountAll(_ name: String) throws {
        while try Self.isMounted(data(name)) { try Linux.unmount(data(name), detach: true) }
    }

    private static func isMounted(_ folder: FilePath) throws -> Bool {
        try MountInfo.all().contains { $0.target == folder }
    }
}
