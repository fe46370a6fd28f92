import Archive
import Glibc
import Linux

/// A folder's content: blocks, each with entries of 12 bytes and then their names, sorted by bytes throughout.
struct ImageFolder {
    let node: LayerNode
    private let names: [(name: [UInt8], node: LayerNode?)]
    /// How many names each block has.
    private var counts: [Int] = []
    /// Bytes in all; only the last block ends where its names do.
    private(set) var size = 0
    private static let entry = 12

    /// `.` is the folder itself, `..` is told when it is encoded.
    init(_ node: LayerNode) {
        self.node = node
        var names: [(name: [UInt8], node: LayerNode?)] = [([0x2e], node), ([0x2e, 0x2e], nil)]
        names += node.children.map { ($0.key, $0.value) }
        names.sort { $0.name.lexicographicallyPrecedes($1.name) }
        self.names = names
        var (count, used) = (0, 0)
        for (name, _) in names {
            if used + Self.entry + name.count > ImageFile.block {
                counts.append(count)
                (count, used) = (0, 0)
            }
            count += 1
            used += Self.entry + name.count
        }
        size = counts.count * ImageFile.block + used
        counts.append(count)
    }

    /// Folders in it, each of which names it as `..`, and itself.
    var links: Int { 2 + node.children.values.count { $0.type == S_IFDIR } }

    /// The content, when each node has its place.
    func encoded(parent: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var first = 0
        for count in counts {
            bytes += repeatElement(0, count: (ImageFile.block - bytes.count % ImageFile.block) % ImageFile.block)
            var offset = count * Self.entry
            for (name, node) in names[first..<first + count] {
                bytes.append(node?.place ?? parent)
                bytes.append(UInt16(offset))
                bytes.append(Self.type(of: node))
                bytes.append(UInt8(0))
                offset += name.count
            }
            for (name, _) in names[first..<first + count] { bytes += name }
            first += count
        }
        return bytes
    }

    private static func type(of node: LayerNode?) -> UInt8 {
        switch node?.type {
        case S_IFREG: 1
        case S_IFCHR: 3
        case S_IFBLK: 4
        case S_IFIFO: 5
        case S_IFLNK: 7
        default: 2
        }
    }
}
