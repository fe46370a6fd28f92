import CLinux
import Glibc
public import SystemPackage

// What a database made of small files needs.

/// All bytes of the file at `path`; more than `limit` is an error.
public func readFile(_ path: FilePath, limit: Int = 64 << 20) throws -> [UInt8] {
    let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY
    // Not `string`: a name need not be UTF-8.
    let file = OwnedDescriptor(try sys("open \(path)") { path.withPlatformString { open($0, flags) } })
    var status = stat()
    try sys("look at \(path)") { fstat(file.rawValue, &status) }
    guard status.st_mode & S_IFMT == S_IFREG || status.st_size == 0 else {
        throw SystemError("read \(path)", .isDirectory)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: max(4096, min(Int(status.st_size) + 1, 1 << 20)))
    while true {
        let count = try sys("read \(path)") { read(file.rawValue, &chunk, chunk.count) }
        if count == 0 { return bytes }
        guard bytes.count + count <= limit else { throw SystemError("read \(path)", .fileTooLarge) }
        bytes += chunk[..<count]
    }
}

/// The names in the folder at `path`, without `.` and `..`; no folder is no names.
///
/// Sorted by bytes, or as they lie on the disk: who reads thousands of small files in that order reads on instead of
/// leaping about.
public func listFolder(_ path: FilePath, asOnDisk: Bool = false) throws -> [String] {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let descriptor: CInt
    do { descriptor = try sys("list \(path)") { open(path.string, flags) } } catch {
        if error.errno == .noSuchFileOrDirectory { return [] }
        throw error
    }
    guard let folder = fdopendir(descriptor) else {
        close(descriptor)
        throw SystemError("list \(path)", .noMemory)
    }
    defer { closedir(folder) }
    var entries: [(name: String, inode: ino_t)] = []
    while let entry = try nextEntry(of: folder, path.string) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { entries.append((name, entry.pointee.d_ino)) }
    }
    return entries.sorted { asOnDisk ? $0.inode < $1.inode : $0.name < $1.name }.map(\.name)
}

/// Makes the folder at `path`, where there must be nothing, with `mode` whatever the umask.
public func makeFolder(_ path: FilePath, _ mode: CInterop.Mode) throws(SystemError) {
    try sys("make folder \(path)") { mkdir(path.string, mode) }
    try sys("set the mode of \(path)") { chmod(path.string, mode) }
}

/// Makes the folder at `path` and its parents where they are missing, with `mode` whatever the umask.
public func makeFolders(_ path: FilePath, mode: FilePermissions) throws {
    if mkdir(path.string, mode.rawValue) == 0 {
        try sys("set the mode of \(path)") { chmod(path.string, mode.rawValue) }
        return
    }
    if isFolder(path) { return }
    let parent = path.removingLastComponent()
    if parent != path, !isFolder(parent) { try makeFolders(parent, mode: mode) }
    do { try makeFolder(path, mode.rawValue) } catch {
        if error.errno == .fileExists, isFolder(path) { return }
        throw error
    }
}

/// Whether `path` leads to a folder.
public func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Whether there is anything at `path`; a dangling symbolic link counts.
public func exists(_ path: FilePath) -> Bool {
    var status = stat()
    return lstat(path.string, &status) == 0
}

/// Gives what is at `path` the name `target`; false where there is something of that name.
public func rename(_ path: FilePath, toUnused target: FilePath) throws(SystemError) -> Bool {
    do throws(SystemError) {
        try sys("rename \(path) to \(target)") {
            // Not `string`: a name need not be UTF-8.
            path.withPlatformString { path in
                target.withPlatformString { linux_rename(path, $0, UInt32(LINUX_RENAME_NOREPLACE)) }
            }
        }
        return true
    } catch {
        if error.errno == .fileExists { return false }
        // NFS, 9p and old FUSE take no flags.
        guard error.errno == .invalidArgument else { throw error }
        if exists(target) { return false }
        try sys("rename \(path) to \(target)") {
            path.withPlatformString { path in target.withPlatformString { Glibc.rename(path, $0) } }
        }
        return true
    }
}

/// Gives what is at `path` the name `target`, replacing a file or an empty folder.
public func rename(_ path: FilePath, to target: FilePath) throws {
    try sys("rename \(path) to \(target)") { Glibc.rename(path.string, target.string) }
}
