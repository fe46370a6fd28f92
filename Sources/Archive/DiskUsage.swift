import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// The bytes of all that is no folder below `tree`, each inode once; holes count as bytes (Docker's rule for sizes).
///
/// An aufs branch's own folders (`.wh..wh.plnk`, `.wh..wh.orph`) are left out if `isBranch`.
public func diskUsage(of tree: FilePath, isBranch: Bool = false) throws -> Int64 {
    let root = try openFolder(tree)
    defer { close(root) }
    var usage = DiskUsage(skipped: isBranch ? aufsPrefix : nil)
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

    init(skipped: [UInt8]?) { self.skipped = skipped }

    /// Adds what is in a folder, and says which folders in it are next.
    mutating func add(_ folder: CInt, _ path: WalkPath) throws -> [FileName] {
        var folders: [FileName] = []
        for name in try entries(of: folder, "\(path)") {
            if let skipped, name.bytes.starts(with: skipped) { continue }
            // What vanished meanwhile takes nothing.
            guard let status = try look(at: name, in: folder) else { continue }
            if isFolder(status) {
                folders.append(name)
            } else {
                let inode = Inode(device: status.st_dev, number: status.st_ino)
                if status.st_nlink == 1 || seen.insert(inode).inserted { total += Int64(status.st_size) }
            }
        }
        return folders
    }
}
