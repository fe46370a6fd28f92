import Glibc
public import SystemPackage

/// A file that one process at a time holds; the kernel lets it go when the process ends, however it ends.
public struct FileLock: ~Copyable, Sendable {
    /// Somebody else holds it.
    public struct Held: Error, Equatable {
        /// Who: `process 4711 (varved)`, as far as the file and `/proc` tell.
        public let holder: String
    }

    private let file: OwnedDescriptor
    private let path: FilePath

    /// Takes the lock at `path`, and writes this process's ID into it; throws `Held` at once if it is taken.
    public init(_ path: FilePath) throws {
        var file = try Self.take(path)
        // Whoever had it may have deleted it since it was opened.
        while try !Self.isNamed(path, file) { file = try Self.take(path) }
        let text = Array("\(getpid())\n".utf8)
        try sys("empty \(path)") { ftruncate(file.rawValue, 0) }
        try sys("write \(path)") { pwrite(file.rawValue, text, text.count, 0) }
        self.file = file
        self.path = path
    }

    // Also for copies of the descriptor, in whatever process: closing lets go only when the last of them is closed.
    deinit { _ = flock(file.rawValue, LOCK_UN) }

    /// Deletes the file, and lets go of it.
    public consuming func delete() throws { try sys("delete \(path)") { unlink(path.string) } }

    private static func take(_ path: FilePath) throws -> OwnedDescriptor {
        let file = OwnedDescriptor(
            try sys("open the lock \(path)") { open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        )
        do { try sys("lock \(path)") { flock(file.rawValue, LOCK_EX | LOCK_NB) } } catch {
            guard error.errno == .wouldBlock else { throw error }
            throw Held(holder: Self.holder(path))
        }
        return file
    }

    private static func isNamed(_ path: FilePath, _ file: borrowing OwnedDescriptor) throws -> Bool {
        var (named, held) = (stat(), stat())
        let descriptor = file.rawValue
        try sys("look at \(path)") { fstat(descriptor, &held) }
        return lstat(path.string, &named) == 0 && named.st_ino == held.st_ino && named.st_dev == held.st_dev
    }

    private static func holder(_ path: FilePath) -> String {
        guard let bytes = try? readFile(path, limit: 32),  // unreadable: we can still say that it is held
            let pid = Int32(String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self))
        else { return "another process" }
        let name = (try? readFile(FilePath("/proc/\(pid)/comm"), limit: 64)) ?? []  // it may have ended just now
        let command = String(decoding: name.prefix { $0 != 0x0a }, as: UTF8.self)
        return command.isEmpty ? "process \(pid)" : "process \(pid) (\(command))"
    }
}
