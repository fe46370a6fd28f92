import CLinux
public import SystemPackage

/// What kind of file system holds a path, by the number that `statfs` gives.
public struct FileSystemType: Sendable, Hashable, CustomStringConvertible {
    /// `f_type` of `man 2 statfs`.
    public let magic: UInt32

    /// The kind with this number.
    public init(magic: UInt32) { self.magic = magic }

    /// The file system that holds `path`, which must exist.
    public init(of path: FilePath) throws(SystemError) {
        var magic: UInt32 = 0
        try sys("look at the file system of \(path)") { linux_statfs_type(path.string, &magic) }
        self.magic = magic
    }

    /// Docker's name for it, as in `docker info`; `<unknown>` where Docker has none.
    public var description: String { Self.names[magic] ?? "<unknown>" }

    /// ext2, ext3 and ext4, which share one number.
    public static let ext = Self(magic: 0xEF53)
    /// XFS.
    public static let xfs = Self(magic: 0x5846_5342)
    /// Btrfs.
    public static let btrfs = Self(magic: 0x9123_683E)
    /// tmpfs.
    public static let tmpfs = Self(magic: 0x0102_1994)
    /// An overlay.
    public static let overlay = Self(magic: 0x794C_7630)

    private static let names: [UInt32: String] = [
        0x6175_6673: "aufs", 0x9123_683E: "btrfs", 0x28cd_3d45: "cramfs", 0xf15f: "ecryptfs", 0xEF53: "extfs",
        0xF2F5_2010: "f2fs", 0x6573_5546: "fuse", 0x4750_4653: "gpfs", 0x72b6: "jffs2", 0x3153_464a: "jfs",
        0x6969: "nfs", 0x794C_7630: "overlayfs", 0x8584_58f6: "ramfs", 0x5265_4973: "reiserfs", 0x517B: "smb",
        0x7371_7368: "squashfs", 0x0102_1994: "tmpfs", 0xa501_fcf5: "vxfs", 0x5846_5342: "xfs", 0x2fc1_2fc1: "zfs",
    ]
}
