import Glibc
public import SystemPackage

/// A lock on a folder (`man 2 flock`), held until all copies of its descriptor are closed, in whatever process.
public struct FolderLock: ~Copyable, Sendable {
    private let folder: OwnedDescriptor
    /// The folder's.
    public let path: FilePath
    /// The descriptor that holds the lock.
    public var rawValue: CInt { folder.rawValue }

    /// Opens the folder; the lock is not taken yet.
    public init(_ path: FilePath) throws(SystemError) {
        self.path = path
        folder = OwnedDescriptor(
            try sys("open \(path)") { open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
        )
    }

    /// Takes the lock; false if somebody else has it.
    public func take() throws(SystemError) -> Bool {
        do throws(SystemError) {
            try sys("lock \(path)") { flock(folder.rawValue, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            if error.errno == .wouldBlock { return false }
            throw error
        }
    }

    /// Takes the lock as soon as it is free; false if it isn't for that long.
    public func take(milliseconds: Int) throws(SystemError) -> Bool {
        // flock has no limit of time of its own. A server ends a few milliseconds after its mount.
        var (waited, pause) = (0, 250)
        while try !take() {
            if waited > milliseconds * 1000 { return false }
            usleep(UInt32(pause))
            waited += pause
            pause = min(pause * 2, 20_000)
        }
        return true
    }

    /// The folders in `place` whose names begin with `prefix` and whose lock nobody holds: left by processes that ended.
    public static func abandoned(in place: FilePath, prefix: String) throws -> [FilePath] {
        try listFolder(place).filter { $0.hasPrefix(prefix) }.map { place.appending($0) }.filter { folder in
            // Whoever deletes it at this moment was faster.
            guard let lock = try? FolderLock(folder) else { return false }
            return (try? lock.take()) ?? false
        }
    }
}
