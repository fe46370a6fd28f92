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
        if let kind = Kind(try FileSystemType(of: folder)), exists(FilePath(kind.program)) {
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
        try run([kind.program, "-q", image.string])
        let device = try LoopDevice(file: image)
        try Mount(type: kind.name, source: device.path.string).make(at: path)
    }

    private struct Kind {
        let name: String
        let size: Int64

        var program: String { "/usr/sbin/mkfs.\(name)" }

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

    private static func run(_ command: [String]) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Standard output is the caller's, who may write JSON to it. mkfs.btrfs talks, however quiet it shall be.
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var pid = pid_t()
        let result = posix_spawn(&pid, command[0], &actions, nil, &arguments, environ)
        guard result == 0 else { throw SystemError("start \(command[0])", Errno(rawValue: result)) }
        var status: CInt = 0
        try sys("wait for \(command[0])") { waitpid(pid, &status, 0) }
        try expect(status == 0, "\(command.joined(separator: " ")) failed with status \(status)")
    }
}
