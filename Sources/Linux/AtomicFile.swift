import CLinux
import Glibc
public import SystemPackage

// Nothing on disk is ever half-written: bytes go to a file or folder aside, which is then renamed in. The names aside
// are Docker's (`.tmp-*`), which every reader of a data root ignores.

/// Puts `bytes` at `path`, with `mode`: whoever looks finds all of the old or all of the new.
///
/// With `flush` the bytes are on the disk before the name points to them; without it a lost machine, not a killed
/// process, can leave the file empty or absent. Until `flushNames` a lost machine may bring the old file back.
public func writeAtomically(
    _ bytes: [UInt8],
    to path: FilePath,
    mode: FilePermissions = [.ownerReadWrite],
    flush: Bool = true
) throws {
    let name = path.lastComponent?.string ?? ""
    let aside = path.removingLastComponent().appending("\(asidePrefix)\(name)\(randomHex(bytes: 6))")
    do {
        try writeFile(bytes, to: aside, mode: mode, flush: flush)
        try sys("rename \(aside) to \(path)") { rename(aside.string, path.string) }
    } catch {
        unlink(aside.string)
        throw error
    }
}

/// Waits until the names in the folder at `path` are on the disk as they are now.
public func flushNames(in path: FilePath) throws {
    let folder = try openForFlush(path)
    try sys("flush folder \(path)") { fsync(folder.rawValue) }
}

/// What the names of files begin with that are not in place yet.
private let asidePrefix = ".tmp-"

/// Deletes what a killed process or a lost machine left of files on their way into `folder`, whose only writer this is.
public func removeAsides(in folder: FilePath) throws {
    for name in try listFolder(folder) where name.hasPrefix(asidePrefix) { try removeTree(folder.appending(name)) }
}

/// Makes or empties the file at `path` and writes `bytes`; not atomic, so only for folders that are not in place yet.
public func writeFile(_ bytes: [UInt8], to path: FilePath, mode: FilePermissions, flush: Bool = false) throws {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let file = OwnedDescriptor(try sys("create \(path)") { open(path.string, flags, mode.rawValue) })
    var done = 0
    while done < bytes.count {
        done += try sys("write \(path)") {
            bytes.withUnsafeBytes { write(file.rawValue, $0.baseAddress?.advanced(by: done), $0.count - done) }
        }
    }
    try sys("set the mode of \(path)") { fchmod(file.rawValue, mode.rawValue) }
    if flush { try sys("flush \(path)") { fsync(file.rawValue) } }
}

/// A folder that is filled aside and appears under its name in one step, or not at all.
public struct AtomicFolder: Sendable {
    /// Where it is until `commit`.
    public let path: FilePath

    /// Makes the folder, mode 0700, as `<prefix><random>` in `parent`, which must exist.
    public init(in parent: FilePath, prefix: String) throws(SystemError) {
        try self.init(parent.appending(prefix + randomHex(bytes: 8)))
    }

    /// Makes the folder, mode 0700, at `path`, where there must be nothing.
    public init(_ path: FilePath) throws(SystemError) {
        try sys("make folder \(path)") { mkdir(path.string, 0o700) }
        self.path = path
    }

    /// Writes one file into it, mode 0644.
    public func write(_ text: String, to name: String) throws {
        try writeFile(Array(text.utf8), to: path.appending(name), mode: FilePermissions(rawValue: 0o644))
    }

    /// Renames it to `target`, which must not exist or be an empty folder.
    public func commit(to target: FilePath) throws {
        try sys("rename \(path) to \(target)") { rename(path.string, target.string) }
    }

    /// Deletes it with what is in it.
    public func cancel() throws { try removeTree(path) }
}

/// `bytes` random bytes from the kernel, in hex.
public func randomHex(bytes: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    while text.count < bytes * 2 {
        // Eight bytes a system call.
        var random = generator.next()
        for _ in 0..<16 {
            text.append(digits[Int(random & 15)])
            random >>= 4
        }
    }
    return String(decoding: text.prefix(bytes * 2), as: UTF8.self)
}

/// Opens the folder at `path`, to flush it.
public func openForFlush(_ path: FilePath) throws -> OwnedDescriptor {
    OwnedDescriptor(try sys("open \(path)") { open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
}

/// Waits until all that was written to the file system that holds `path` is on its disk.
public func syncFileSystem(of path: FilePath) throws { try syncFileSystem(openForFlush(path)) }

/// Waits until all that was written to the file system that holds `folder` is on its disk; throws if any write failed
/// since the folder was opened.
///
/// The system call is `syncfs`.
public func syncFileSystem(_ folder: borrowing OwnedDescriptor) throws {
    let descriptor = folder.rawValue
    try sys("write the file system to its disk") { linux_syncfs(descriptor) }
}
