import CArchive
import Glibc
import Linux
import SystemPackage

// The steps of whoever walks through a tree with a function that calls itself for each folder: comparing, copying,
// writing tars. What a container makes must not be the end of the daemon, so trees have a bottom here.

/// How deep a tree may be that is compared, copied or written to a tar.
package enum TreeLimits {
    /// The longest path that is copied or goes into a tar, in bytes: nobody could unpack a longer one (PATH_MAX, with its NUL).
    package static let path = Int(PATH_MAX) - 1
    /// Most names in a path, twice as many as an archive may have that comes in: the stacks of `OSThread` and of the
    /// daemon's other threads are large enough for many more.
    package static let depth = 512
}

/// Throws where `path`, which begins at the tree's root, has too many names or bytes.
package func requireShort(_ path: [UInt8]) throws {
    try requireShallow(path)
    if path.count > TreeLimits.path { throw tooDeep(path) }
}

/// Throws where `path`, which begins at the tree's root, has too many names.
package func requireShallow(_ path: [UInt8]) throws {
    guard path.count > 2 * TreeLimits.depth, path.count(where: { $0 == 0x2f }) >= TreeLimits.depth else { return }
    throw tooDeep(path)
}

private func tooDeep(_ path: [UInt8]) -> ArchiveError {
    .treeTooDeep(path: String(decoding: path.prefix(64), as: UTF8.self))
}

/// Opens a folder in an open one, to go on in it; nil where there is none any more. `path` is its own.
func openChild(_ name: FileName, in folder: CInt, _ path: [UInt8]) throws -> CInt? {
    try requireShallow(path)
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    do throws(SystemError) {
        return try sys("open \(String(decoding: path, as: UTF8.self))") {
            name.withCString { openat(folder, $0, flags) }
        }
    } catch {
        if error.saysNoFolder { return nil }
        throw error
    }
}

/// What is at `name` in an open folder; nil where nothing is.
func look(at name: FileName, in folder: CInt) throws(SystemError) -> stat? {
    var status = stat()
    do throws(SystemError) {
        try sys("look at \(name.withCString { String(cString: $0) })") {
            name.withCString { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
    } catch {
        if error.errno == .noSuchFileOrDirectory { return nil }
        throw error
    }
    return status
}

/// The path of `name` in the folder of path `folder`; both begin at the tree's root, without a `/` before.
func joinedPath(_ folder: [UInt8], _ name: FileName) -> [UInt8] { (folder.isEmpty ? [] : folder + [0x2f]) + name.bytes }
