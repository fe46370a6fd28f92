import Archive
import CLinux
import Glibc
import Linux
import SystemPackage

/// How an inode is written down: 64 bytes, then its attributes, then the end of its content where that is kept here.
struct ImageInode {
    /// Where the content is.
    enum Layout: UInt16 {
        /// In blocks of its own.
        case plain = 0
        /// Whole blocks, and what is left after the inode.
        case inline = 2
    }

    static let length = 64
    /// Where in the inode the number of its names is.
    static let linksOffset = 44

    let node: LayerNode
    let attributes: [UInt8]
    var layout = Layout.plain
    var size: Int
    var links: Int
    /// The content's first block, or the device's number.
    var location = 0

    init(_ node: LayerNode) throws {
        self.node = node
        attributes = try encodeAttributes(of: node)
        size = Int(node.size)
        links = node.links
        // The kernel's `new_encode_dev`.
        let (major, minor) = (linux_major(dev_t(node.device)), linux_minor(dev_t(node.device)))
        location = Int(minor & 0xff | major << 8 | (minor & ~0xff) << 12)
    }

    /// The bytes up to the content's end.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length + attributes.count)
        bytes.append(1 | layout.rawValue << 1)
        // The header of the attributes counts for one, each four bytes after it for another.
        bytes.append(UInt16(attributes.isEmpty ? 0 : (attributes.count - attributesHeader) / 4 + 1))
        bytes.append(UInt16(node.type | node.mode))
        bytes.append(UInt16(0))
        bytes.append(UInt64(size))
        bytes.append(UInt32(location))
        bytes.append(UInt32(0))
        bytes.append(node.user)
        bytes.append(node.group)
        bytes.append(UInt64(bitPattern: node.modified.seconds))
        bytes.append(UInt32(node.modified.nanoseconds))
        bytes.append(UInt32(links))
        bytes += repeatElement(0, count: 16)
        return bytes + attributes
    }
}

extension [UInt8] {
    /// Adds a number, the least byte first.
    mutating func append<I: FixedWidthInteger>(_ number: I) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
