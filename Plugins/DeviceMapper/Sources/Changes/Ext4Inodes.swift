import CLinux
import Glibc
import Linux
import SystemPackage

/// The inode tables of ext4, one for each group of blocks. kernel: Documentation/filesystems/ext4/, super.rst,
/// group_descr.rst, inode.rst
struct Ext4Inodes: InodeLayout {
    /// One group's table.
    private struct Table {
        /// Where it begins, in bytes.
        var position: UInt64
        /// How many inodes were ever used; what follows may be anything.
        var used: Int
    }

    /// filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir, inline_data.
    private static let known: UInt32 = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000
    /// All to date but has_snapshot, replica and shared_blocks.
    private static let knownForWriting: UInt32 = 0x1_b77f

    let inodeSize: Int
    private let perGroup: Int
    private let firstFree: UInt64
    /// Inodes that hold the file system's own files: quotas, orphans.
    private let own: Set<UInt64>
    private let tables: [Table]

    /// Reads the superblock and the descriptors of all groups.
    init(_ device: RawDevice) throws {
        let block = try device.read(at: 1024, count: 1024)
        guard block.little(0x38) as UInt16 == 0xef53 else { throw Unsuited("\(device.path) holds no ext4") }
        let (features, writing) = (block.little(0x60, as: UInt32.self), block.little(0x64, as: UInt32.self))
        guard features & ~Self.known == 0, writing & ~Self.knownForWriting == 0 else {
            throw Unsuited("the ext4 has features that are not known: \(features) \(writing)")
        }
        let isOld = block.little(0x4c) as UInt32 == 0
        inodeSize = isOld ? 128 : Int(block.little(0x58, as: UInt16.self))
        firstFree = isOld ? 11 : UInt64(block.little(0x54, as: UInt32.self))
        perGroup = Int(block.little(0x28, as: UInt32.self))
        own = Set([0xe0, 0x240, 0x244, 0x26c, 0x280].map { UInt64(block.little($0, as: UInt32.self)) })
        let geometry = Ext4Groups(block, features: features)
        guard perGroup > 0, geometry.isPlausible, inodeSize >= 128, geometry.blockSize % inodeSize == 0 else {
            throw Unsuited("the ext4's superblock makes no sense")
        }
        let perGroup = perGroup
        // Only with sums in the descriptors do these say which inodes were never used.
        let countsUnused = writing & 0x410 != 0
        tables = try geometry.descriptors(device).map { descriptor in
            let unused = countsUnused ? Int(descriptor.unusedInodes) : 0
            let isUntouched = countsUnused && descriptor.flags & 1 != 0
            return Table(
                position: descriptor.inodeTable * UInt64(geometry.blockSize),
                used: isUntouched ? 0 : max(0, perGroup - unused)
            )
        }
    }

    /// Access time and checksum. Its counter of changes (`i_version`) is not among them: where the clock does not tell
    /// two changes apart, that does.
    let volatileParts = [0x08..<0x0c, 0x7c..<0x7e, 0x82..<0x84, 0x8c..<0x90]

    func runs(_ folder: CInt) -> [InodeRun] {
        let piece = 256
        return tables.enumerated().flatMap { index, table in
            stride(from: 0, to: table.used, by: piece).map { start in
                InodeRun(
                    first: UInt64(index * perGroup + start + 1),
                    count: min(piece, table.used - start),
                    position: table.position + UInt64(start * inodeSize)
                )
            }
        }
    }

    func position(of number: UInt64) -> UInt64? {
        guard number > 0, let index = Int(exactly: number - 1), index / perGroup < tables.count else { return nil }
        let (table, place) = (tables[index / perGroup], index % perGroup)
        return place < table.used ? table.position + UInt64(place * inodeSize) : nil
    }

    func inode(_ number: UInt64, _ bytes: DiskBytes, _ offset: Int) -> Inode? {
        let mode: UInt16 = bytes.little(offset)
        let links: UInt16 = bytes.little(offset + 0x1a)
        let holdsAttribute = bytes.little(offset + 0x20, as: UInt32.self) & 0x20_0000 != 0
        guard mode != 0, links != 0, !holdsAttribute, number == 2 || number >= firstFree, !own.contains(number) else {
            return nil
        }
        return Inode(
            number: number,
            generation: bytes.little(offset + 0x64),
            isFolder: mode & 0xf000 == 0x4000,
            links: Int(links)
        )
    }

    func open(_ inode: Inode, _ folder: CInt) throws -> CInt {
        try sys("open inode \(inode.number)") {
            linux_open_ext4_folder(folder, UInt32(truncatingIfNeeded: inode.number), inode.generation)
        }
    }
}
