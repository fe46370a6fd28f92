import CLinux
import Glibc
import Linux
import SystemPackage

/// The inodes of xfs: a number says where on the device its inode lies, and a tree says which numbers are in use.
/// kernel: fs/xfs/libxfs/xfs_format.h
struct XFSInodes: InodeLayout {
    /// ftype, spinodes, meta_uuid, bigtime, nrext64, exchrange, parent.
    private static let known: UInt32 = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80
    /// finobt, rmapbt, reflink, inobtcnt.
    private static let knownForWriting: UInt32 = 0xf

    let inodeSize: Int
    private let blockShift: UInt64
    private let groupBlocks: UInt64
    private let groupCount: UInt64
    /// Bits of a number that say which inode of a block it is, and which block of a group.
    private let inodeBits: UInt64
    private let blockBits: UInt64
    private let uuid: [UInt8]
    /// The file system's own files: bitmap and summary of the realtime device, quotas.
    private let own: Set<UInt64>

    /// Reads the superblock.
    init(_ device: RawDevice) throws {
        let block = try device.read(at: 0, count: 512)
        guard block[0..<4].elementsEqual("XFSB".utf8) else { throw Unsuited("\(device.path) holds no xfs") }
        // Without sums an inode does not tell its own number.
        guard block.big(100, as: UInt16.self) & 0xf == 5 else { throw Unsuited("the xfs is of the format before 5") }
        let features: UInt32 = block.big(216)
        let writing: UInt32 = block.big(212)
        guard features & ~Self.known == 0, writing & ~Self.knownForWriting == 0 else {
            throw Unsuited("the xfs has features that are not known: \(features) \(writing)")
        }
        blockShift = UInt64(block.byte(120))
        groupBlocks = UInt64(block.big(84, as: UInt32.self))
        groupCount = UInt64(block.big(88, as: UInt32.self))
        inodeSize = Int(block.big(104, as: UInt16.self))
        inodeBits = UInt64(block.byte(123))
        blockBits = UInt64(block.byte(124))
        uuid = Array(block[features & 0x4 != 0 ? 248..<264 : 32..<48])
        own = Set([64, 72, 160, 168, 232].map { block.big($0) })
        guard (9...16).contains(blockShift), inodeBits < 16, blockBits < 32, inodeSize >= 256,
            inodeSize << inodeBits == 1 << blockShift
        else { throw Unsuited("the xfs's superblock makes no sense") }
    }

    /// Access time, checksum and place in the log. Its counter of changes is not among them: where the clock does not
    /// tell two changes apart, that does.
    let volatileParts = [32..<40, 100..<104, 112..<120]

    func runs(_ folder: CInt) throws -> [InodeRun] {
        var found: [InodeRun] = []
        var chunks = [linux_xfs_chunk](repeating: linux_xfs_chunk(), count: 1024)
        var next: UInt64 = 0
        while true {
            let count = try sys("list inodes") { linux_xfs_chunks(folder, next, &chunks, UInt32(chunks.count)) }
            guard count > 0 else { return found }
            for chunk in chunks[..<Int(count)] {
                guard let position = position(of: chunk.first) else { throw Unsuited("the xfs has grown just now") }
                found.append(InodeRun(first: chunk.first, count: 64, position: position))
            }
            next = chunks[Int(count) - 1].first + 64
        }
    }

    func position(of number: UInt64) -> UInt64? {
        let group = number >> (blockBits + inodeBits)
        let block = number >> inodeBits & (1 << blockBits - 1)
        guard group < groupCount, block < groupBlocks else { return nil }
        let inBlock = number & (1 << inodeBits - 1)
        return (group * groupBlocks + block) << blockShift + inBlock * UInt64(inodeSize)
    }

    func inode(_ number: UInt64, _ bytes: DiskBytes, _ offset: Int) -> Inode? {
        let mode: UInt16 = bytes.big(offset + 2)
        let links: UInt32 = bytes.big(offset + 16)
        // Each inode tells whose it is, so that what was there before is not taken for one.
        guard bytes.big(offset) as UInt16 == 0x494e, bytes.byte(offset + 4) == 3, mode != 0, links != 0,
            bytes.big(offset + 152) as UInt64 == number, bytes[offset + 160..<offset + 176].elementsEqual(uuid),
            !own.contains(number)
        else { return nil }
        return Inode(
            number: number,
            generation: bytes.big(offset + 92),
            isFolder: mode & 0xf000 == 0x4000,
            links: Int(links)
        )
    }

    func open(_ inode: Inode, _ folder: CInt) throws -> CInt {
        try sys("open inode \(inode.number)") { linux_open_xfs_folder(folder, inode.number, inode.generation) }
    }
}
