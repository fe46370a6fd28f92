import Linux
import SystemPackage

/// A file system of its own, in a file: it is gone when its mount is, even if this process is killed.
struct FileSystemMaker {
    /// Those that can be made.
    static let types = ["ext4", "xfs", "btrfs"]

    let type: String
    let bytes: Int64

    /// Makes it in the file `image` and mounts it on `folder`, in this process's own mount namespace.
    func make(_ image: FilePath, at folder: FilePath) throws {
        let file = try FileDescriptor.open(
            image,
            .readWrite,
            options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite
        )
        defer { try? file.close() }  // nothing is in it yet
        try file.resize(to: bytes)
        try Command.run([program] + ["-q", image.string])
        try makeFolders(folder, mode: .init(rawValue: 0o755))
        let device = try LoopDevice(file: image)
        try Mount(type: type, source: device.path.string, target: "", options: []).make(at: folder)
    }

    private var program: String { "mkfs.\(type)" }

    /// What is missing on this host to make it; nil: nothing.
    var missing: String? {
        Command.find(program) == nil ? "\(program) is not installed (\(Self.packages[type] ?? type))" : nil
    }

    private static let packages = [
        "ext4": "Debian's e2fsprogs", "xfs": "Debian's xfsprogs", "btrfs": "Debian's btrfs-progs",
    ]
}
