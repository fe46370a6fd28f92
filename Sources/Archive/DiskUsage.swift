import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// The bytes of all that is no folder below `tree`, each inode once; holes count as bytes (Docker's rule for sizes).
///
/// An aufs branch's own folders (`.wh..wh.plnk`, `.wh..wh.orph`) are left out if `isBranch`. With `blocks` it is what the
/// disk gives for them, folders' blocks with them (`st_blocks` of `man 3 stat`).
public func diskUsage(of tree: FilePath, isBranch: Bool = false, blocks: Bool = false) throws -> Int64 {
    let root = try openFolder(tree)
    defer { close(root) }
    var usage = DiskUsage(skipped: isBranch ? aufsPrefix : nil, blocks: blocks)
    try walkFolders(root) { folder, path in try usage.add(folder, path) }
    return usage.total
}

private struct DiskUsage {
    private struct Inode: Hashable {
        let device: dev_t
        let number: ino_t
    }

    private(set) var total: Int64 = 0
    private var seen: Set<Inode> = []
    /// Names that begin so do not count.
    private let skipped: [UInt8]?
    private let blocks: Bool

    init(skipped: [UInt8]?, blocks: Bool) {
        self.skipped = skipped
        self.blocks = blocks
    }

    /// Adds what is in a folder, and says which folders in it are next.
    mutating func add(_ folder: CInt, _ path: WalkPath) throws -> [FileName] {
        var folders: [FileName] = []
        for name in try entries(of: folder, "\(path)") {
            if let skipped, name.bytes.starts(with: skipped) { continue }
            // What vanished meanwhile takes nothing.
            guard let status = try look(at: name, in: folder) else { continue }
            let inode = Inode(device: status.st_dev, number: status.st_ino)
            if isFolder(status) {
                folders.append(name)
                if blocks { total += Int64(status.st_blocks) * 512 }
            } else if status.st_nlink == 1 || seen.insert(inode).inserted {
                total += blocks ? Int64(status.st_blocks) * 512 : Int64(status.st_size)
            }
        }
        return folders
    }
}
