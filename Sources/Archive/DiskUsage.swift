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
    try usage.add(root)
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

    mutating func add(_ folder: CInt) throws {
        for name in try entries(of: folder, "a folder") {
            if let skipped, name.bytes.starts(with: skipped) { continue }
            var status = stat()
            // What vanished meanwhile takes nothing.
            guard name.withCString({ fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                let child = name.withCString { openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
                guard child >= 0 else { continue }
                defer { close(child) }
                try add(child)
            } else {
                let inode = Inode(device: status.st_dev, number: status.st_ino)
                if status.st_nlink == 1 || seen.insert(inode).inserted { total += Int64(status.st_size) }
            }
        }
    }
}
