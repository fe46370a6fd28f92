import Glibc
import Linux
import SystemPackage

/// A file system of a few free megabytes, of the same kind as the one that is tried, in a file on it.
///
/// Where there is no program to make one, it is in memory.
enum SmallDisk {
    /// Makes it in `folder`, which must be the caller's own, and shows `body` where it is mounted.
    static func use(in folder: FilePath, _ body: (FilePath) throws -> Void) throws {
        let path = folder.appending("disk")
        try makeFolders(path, mode: FilePermissions(rawValue: 0o755))
        // The folder is deleted next, with all that is in it, or that says why not.
        defer { try? unmount(path, detach: true) }
        if let kind = Kind(try FileSystemType(of: folder)), Command.find("mkfs.\(kind.name)") != nil {
            try make(kind, folder.appending("disk.image"), at: path)
            try fill(path, leaving: 6 << 20)
        } else {
            try Mount(type: "tmpfs", source: "tmpfs", options: ["size=4m"]).make(at: path)
        }
        try body(path)
    }

    private static func make(_ kind: Kind, _ image: FilePath, at path: FilePath) throws {
        try writeFile([], to: image, mode: .ownerReadWrite)
        try sys("make \(image)") { truncate(image.string, off_t(kind.size)) }
        try Command.run(["mkfs.\(kind.name)", "-q", image.string])
        let device = try LoopDevice(file: image)
        try Mount(type: kind.name, source: device.path.string).make(at: path)
    }

    private struct Kind {
        let name: String
        let size: Int64

        private init(name: String, size: Int64) {
            self.name = name
            self.size = size
        }

        /// Nil for those that have no small ones.
        init?(_ type: FileSystemType) {
            switch type {
            case .ext: self.init(name: "ext4", size: 16 << 20)
            case .xfs: self.init(name: "xfs", size: 320 << 20)
            case .btrfs: self.init(name: "btrfs", size: 128 << 20)
            default: return nil
            }
        }
    }

    /// Takes the room that the smallest file system of its kind has too much.
    private static func fill(_ path: FilePath, leaving rest: Int) throws {
        var status = statvfs()
        try sys("look at the room on \(path)") { statvfs(path.string, &status) }
        let room = Int(status.f_bavail) * Int(status.f_frsize) - rest
        guard room > 0 else { return }
        let file = try FileDescriptor.open(
            path.appending("filler"),
            .writeOnly,
            options: .create,
            permissions: .ownerReadWrite
        )
        let failure = try file.closeAfter { posix_fallocate(file.rawValue, 0, off_t(room)) }
        if failure != 0 { throw SystemError("fill \(path)", Errno(rawValue: failure)) }
    }
}
