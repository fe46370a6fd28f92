/// The groups of blocks that an ext4 is made of, and where each one's descriptor is.
struct Ext4Groups {
    /// What a descriptor tells of its group's inodes.
    struct Descriptor {
        var inodeTable: UInt64
        var flags: UInt16
        var unusedInodes: UInt32
    }

    let blockSize: Int
    private let blocks: UInt64
    private let firstBlock: UInt64
    private let blocksPerGroup: UInt64
    private let descriptorSize: Int
    /// The first block of descriptors that lies in the groups it describes (meta_bg), counted in such blocks.
    private let firstMeta: Int
    /// Whether only some groups have a copy of the superblock.
    private let isSparse: Bool
    /// The only groups with a copy (sparse_super2).
    private let copies: Set<UInt64>?

    /// Reads the 1024 bytes of the superblock.
    init(_ block: DiskBytes, features: UInt32) {
        func number(_ offset: Int) -> UInt64 { UInt64(block.little(offset, as: UInt32.self)) }
        let is64 = features & 0x80 != 0
        blockSize = 1024 << Int(min(6, number(0x18)))
        blocks = number(0x4) | (is64 ? number(0x150) << 32 : 0)
        firstBlock = number(0x14)
        blocksPerGroup = number(0x20)
        descriptorSize = is64 ? Int(block.little(0xfe, as: UInt16.self)) : 32
        firstMeta = features & 0x10 != 0 ? Int(number(0x104)) : .max
        isSparse = number(0x64) & 1 != 0
        copies = number(0x5c) & 0x200 != 0 ? [number(0x24c), number(0x250)] : nil
    }

    /// Whether these numbers can be an ext4's.
    var isPlausible: Bool {
        blocksPerGroup > 0 && blocks > firstBlock && blocks < 1 << 48 && descriptorSize >= 32
            && blockSize % descriptorSize == 0 && (descriptorSize == 32 || descriptorSize >= 64)
    }

    private var count: Int { Int((blocks - firstBlock + blocksPerGroup - 1) / blocksPerGroup) }

    /// The descriptors of all groups, in order.
    func descriptors(_ device: RawDevice) throws -> [Descriptor] {
        let perBlock = blockSize / descriptorSize
        var found: [Descriptor] = []
        for index in 0...(count - 1) / perBlock {
            let bytes = try device.read(at: place(index, perBlock) * UInt64(blockSize), count: blockSize)
            for entry in 0..<min(perBlock, count - found.count) {
                found.append(descriptor(bytes, entry * descriptorSize))
            }
        }
        return found
    }

    private func descriptor(_ bytes: DiskBytes, _ offset: Int) -> Descriptor {
        var table = UInt64(bytes.little(offset + 0x8, as: UInt32.self))
        var unused = UInt32(bytes.little(offset + 0x1c, as: UInt16.self))
        if descriptorSize >= 64 {
            table |= UInt64(bytes.little(offset + 0x28, as: UInt32.self)) << 32
            unused |= UInt32(bytes.little(offset + 0x32, as: UInt16.self)) << 16
        }
        return Descriptor(inodeTable: table, flags: bytes.little(offset + 0x12), unusedInodes: unused)
    }

    /// The block with the descriptors number `index * perBlock` and on.
    private func place(_ index: Int, _ perBlock: Int) -> UInt64 {
        let superblock: UInt64 = blockSize == 1024 ? 1 : 0
        guard index >= firstMeta else { return superblock + 1 + UInt64(index) }
        let group = UInt64(index * perBlock)
        var place = firstBlock + group * blocksPerGroup + (hasCopy(group) ? 1 : 0)
        // Block 0 is before the first group of a file system with small blocks, unless it is made of clusters.
        if blockSize == 1024, index == 0, firstBlock == 0 { place += 1 }
        return place
    }

    private func hasCopy(_ group: UInt64) -> Bool {
        if group == 0 { return true }
        if let copies { return copies.contains(group) }
        guard isSparse, group > 1 else { return true }
        return ([3, 5, 7] as [UInt64]).contains { base in
            var power = base
            while power < group { power *= base }
            return power == group
        }
    }
}
