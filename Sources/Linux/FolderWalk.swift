import Glibc
import SystemPackage

/// Visits the folder behind `root` and all folders below, each before those in it, however deep they are.
///
/// `visit` gets the open folder and its path below the root, and says which folders in it are next; those that are gone by
/// then are passed over. A tree can be deeper than a stack, a path or the number of descriptors allows: this takes the
/// heap, gives parts of long paths only to say where something went wrong, and has the folders near the root open. Further
/// down it climbs by `..`, so nobody may move folders there meanwhile: that is found out, and an error.
public func walkFolders(_ root: CInt, _ visit: (CInt, WalkPath) throws -> [FileName]) throws {
    var walk = FolderWalk()
    defer { walk.close() }
    try walk.enter(sys("duplicate a descriptor") { fcntl(root, F_DUPFD_CLOEXEC, 0) }, visit)
    while let name = try walk.next() { try walk.descend(to: name, visit) }
}

/// Where a walk is, below the root.
public struct WalkPath: CustomStringConvertible {
    /// Names with a `/` between them; the root has none.
    public fileprivate(set) var bytes: [UInt8] = []

    /// The path, with a `/` before it; of a very long one the end.
    public var description: String {
        bytes.count <= 512
            ? "/" + String(decoding: bytes, as: UTF8.self) : "…" + String(decoding: bytes.suffix(256), as: UTF8.self)
    }
}

private struct FolderWalk {
    private struct Level {
        /// -1: closed, since it is far from the root and the walk is below it.
        var folder: CInt
        /// Folders in it that come later, the last one first.
        var rest: [FileName]
        let pathLength: Int
        let device: dev_t
        let inode: ino_t
    }

    private var levels: [Level] = []
    private var path = WalkPath()
    private static let mostOpen = 100

    /// Visits the folder that the walk is in from now on, and closes it later.
    mutating func enter(_ folder: CInt, _ visit: (CInt, WalkPath) throws -> [FileName]) throws {
        var status = stat()
        levels.append(Level(folder: folder, rest: [], pathLength: path.bytes.count, device: 0, inode: 0))
        try sys("look at \(path)") { fstat(folder, &status) }
        let below = try visit(folder, path)
        levels[levels.count - 1] = Level(
            folder: folder,
            rest: below.reversed(),
            pathLength: path.bytes.count,
            device: status.st_dev,
            inode: status.st_ino
        )
    }

    /// The folder that comes next, in the one that the walk is in; nil at the end.
    mutating func next() throws -> FileName? {
        while let level = levels.last {
            if let name = levels[levels.count - 1].rest.popLast() { return name }
            levels.removeLast()
            defer { Glibc.close(level.folder) }
            if let above = levels.last {
                path.bytes.removeLast(path.bytes.count - above.pathLength)
                if above.folder < 0 { try climb(from: level.folder, to: above) }
            }
        }
        return nil
    }

    private mutating func climb(from child: CInt, to above: Level) throws {
        var status = stat()
        let folder = try sys("open \(path)") { openat(child, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        levels[levels.count - 1].folder = folder
        try sys("look at \(path)") { fstat(folder, &status) }
        guard status.st_dev == above.device, status.st_ino == above.inode else {
            throw SystemError("go back to \(path): it was moved meanwhile", .staleNFSFileHandle)
        }
    }

    mutating func descend(to name: FileName, _ visit: (CInt, WalkPath) throws -> [FileName]) throws {
        guard let level = levels.last else { return }
        let child: CInt
        do throws(SystemError) {
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            child = try sys("open a folder in \(path)") { name.withCString { openat(level.folder, $0, flags) } }
        } catch {
            if error.saysNoFolder { return }
            throw error
        }
        if levels.count > Self.mostOpen {
            Glibc.close(level.folder)
            levels[levels.count - 1].folder = -1
        }
        if !path.bytes.isEmpty { path.bytes.append(0x2f) }
        path.bytes += name.bytes
        try enter(child, visit)
    }

    func close() { for level in levels where level.folder >= 0 { Glibc.close(level.folder) } }
}
