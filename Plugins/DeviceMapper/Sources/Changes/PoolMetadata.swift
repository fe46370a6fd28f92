// The pool's metadata, as far as they say which block of a thin device is which block of the pool: a tree of trees of
// 4096-byte nodes (kernel: drivers/md/dm-thin-metadata.c, drivers/md/persistent-data/dm-btree-internal.h). A snapshot
// begins with its origin's nodes, and gets its own where it is written to: so what two devices have in common need not
// be read, and the time it takes to compare them depends on what differs.

import Linux
import SystemPackage

/// The pool's metadata as they were when somebody reserved them.
struct PoolMetadata {
    /// What the metadata tell of a thin device.
    struct Details {
        /// The pool's clock, which each snapshot moves on, when the device was made.
        var created: UInt32
        /// And when it or another was last made of the other.
        var snapshotted: UInt32
    }

    private static let blockSize = 4096
    private static let nodeSalt: UInt32 = 121_107
    private static let rootSalt: UInt32 = 160_774

    private let device: RawDevice
    private let mappings: UInt64
    private let details: UInt64

    /// Reads the root that is kept in block `root` of the metadata device.
    init(_ device: RawDevice, root: UInt64) throws {
        let bytes = try Self.read(device, root, Self.rootSalt)
        guard bytes.little(32) as UInt64 == 27_022_010, (1...2).contains(bytes.little(40) as UInt32) else {
            throw Unsuited("the pool's metadata are of another format")
        }
        mappings = bytes.little(320)
        details = bytes.little(328)
        self.device = device
    }

    /// What is told of the device.
    func details(of id: UInt32) throws -> Details {
        guard let bytes = try find(UInt64(id), from: details, valueSize: 24) else { throw Self.unknown(id) }
        return Details(created: bytes.little(16), snapshotted: bytes.little(20))
    }

    /// The blocks of the pool's size which are not the same block of the pool in both devices, sorted.
    func differingBlocks(_ one: UInt32, _ other: UInt32) throws -> [UInt64] {
        var (ones, others) = ([try mappingRoot(of: one)], [try mappingRoot(of: other)])
        let (height, otherHeight) = (try self.height(of: ones[0]), try self.height(of: others[0]))
        // The taller tree comes down to the other's height, then both together, without what they share.
        for level in (0...max(height, otherHeight)).reversed() {
            let shared = Set(ones).intersection(others)
            ones.removeAll(where: shared.contains)
            others.removeAll(where: shared.contains)
            if level == 0 { break }
            if level <= height { ones = try children(of: ones) }
            if level <= otherHeight { others = try children(of: others) }
        }
        let (mine, theirs) = (try entries(of: ones), try entries(of: others))
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    }

    /// How many levels of nodes are below this one: the same for each way down.
    private func height(of root: UInt64) throws -> Int {
        var node = try node(root, valueSize: 8)
        for height in 0..<16 {
            if node.isLeaf { return height }
            if node.count == 0 { break }
            node = try self.node(node.value(0), valueSize: 8)
        }
        throw Unsuited("the pool's metadata are damaged")
    }

    private func children(of nodes: [UInt64]) throws -> [UInt64] {
        try nodes.flatMap { number in
            let node = try node(number, valueSize: 8)
            if node.isLeaf { throw Unsuited("the pool's metadata are damaged") }
            return (0..<node.count).map { node.value($0) }
        }
    }

    /// Which block of the pool is where: the values without the time at which each was given out.
    private func entries(of leaves: [UInt64]) throws -> [UInt64: UInt64] {
        var found: [UInt64: UInt64] = [:]
        for number in leaves {
            let node = try node(number, valueSize: 8)
            guard node.isLeaf else { throw Unsuited("the pool's metadata are damaged") }
            for index in 0..<node.count { found[node.key(index)] = node.value(index) >> 24 }
        }
        return found
    }

    private func mappingRoot(of id: UInt32) throws -> UInt64 {
        guard let bytes = try find(UInt64(id), from: mappings, valueSize: 8) else { throw Self.unknown(id) }
        return bytes.little(0)
    }

    private func find(_ key: UInt64, from root: UInt64, valueSize: Int) throws -> DiskBytes? {
        var number = root
        for _ in 0..<16 {
            let node = try node(number, valueSize: valueSize)
            guard let index = (0..<node.count).last(where: { node.key($0) <= key }) else { return nil }
            if node.isLeaf { return node.key(index) == key ? node.bytes(index) : nil }
            number = node.value(index)
        }
        throw Unsuited("the pool's metadata are damaged")
    }

    private func node(_ number: UInt64, valueSize: Int) throws -> Node {
        let bytes = try Self.read(device, number, Self.nodeSalt)
        guard let node = Node(bytes), node.valueSize == (node.isLeaf ? valueSize : 8) else {
            throw Unsuited("the pool's metadata are damaged")
        }
        return node
    }

    private static func read(_ device: RawDevice, _ number: UInt64, _ salt: UInt32) throws -> DiskBytes {
        guard number < UInt64.max >> 13 else { throw Unsuited("the pool's metadata are damaged") }
        let bytes = try device.read(at: number * UInt64(blockSize), count: blockSize)
        let sum = crc32c(bytes[4..<blockSize]) ^ salt
        guard bytes.little(0) == sum, bytes.little(8) == number else {
            throw Unsuited("block \(number) of the pool's metadata does not have the sum it should have")
        }
        return bytes
    }

    private static func unknown(_ id: UInt32) -> Unsuited { Unsuited("the pool does not know the device \(id)") }
}

/// A node of one of the trees: keys in order, with what each leads to.
private struct Node {
    let isLeaf: Bool
    let count: Int
    let valueSize: Int
    private let room: Int
    private let contents: DiskBytes

    /// Nil where that can't be one.
    init?(_ bytes: DiskBytes) {
        let flags: UInt32 = bytes.little(4)
        isLeaf = flags & 2 != 0
        count = Int(bytes.little(16, as: UInt32.self))
        room = Int(bytes.little(20, as: UInt32.self))
        valueSize = Int(bytes.little(24, as: UInt32.self))
        contents = bytes
        guard flags == 1 || flags == 2, (8...64).contains(valueSize), count <= room,
            room <= (bytes.count - 32) / (8 + valueSize)
        else { return nil }
    }

    func key(_ index: Int) -> UInt64 { contents.little(32 + 8 * index) }
    /// The value as a number, for values of 8 bytes.
    func value(_ index: Int) -> UInt64 { contents.little(place(index)) }
    func bytes(_ index: Int) -> DiskBytes { DiskBytes(Array(contents[place(index)..<place(index) + valueSize])) }
    private func place(_ index: Int) -> Int { 32 + 8 * room + index * valueSize }
}
