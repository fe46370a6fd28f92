// Where a file system keeps its inodes on its device. Whatever changes a file (its content, its attributes, a folder's
// entries) changes its inode, and so the block that holds it: an inode that is the same on two devices is the same
// file.

import SystemPackage

/// Why the blocks can't tell what changed here: the trees have to be compared.
struct Unsuited: Error, CustomStringConvertible {
    let description: String

    init(_ reason: String) { description = reason }
}

/// Inodes of successive numbers which lie one after the other on the device.
struct InodeRun: Equatable {
    /// The first one's number.
    var first: UInt64
    var count: Int
    /// Where on the device the first one begins, in bytes.
    var position: UInt64
}

/// What is needed of a file's inode.
struct Inode: Equatable {
    let number: UInt64
    /// Tells it from another file that had the number before.
    let generation: UInt32
    let isFolder: Bool
    /// How many names it has.
    let links: Int
}

/// What a file system's superblock and tables tell of its inodes.
protocol InodeLayout {
    /// In bytes.
    var inodeSize: Int { get }
    /// Parts of an inode that say nothing of what changed, in order: access time, checksum, place in the log.
    var volatileParts: [Range<Int>] { get }
    /// All inodes that may be in use, by number; `folder` is in the mounted file system.
    func runs(_ folder: CInt) throws -> [InodeRun]
    /// Where the inode is if this file system has it; else nil.
    func position(of number: UInt64) -> UInt64?
    /// The inode whose bytes are at `offset`; nil if it is free, or none of a file with a name.
    func inode(_ number: UInt64, _ bytes: DiskBytes, _ offset: Int) -> Inode?
    /// Opens a folder of the mounted file system in which `folder` is; the descriptor is the caller's.
    func open(_ inode: Inode, _ folder: CInt) throws -> CInt
}
