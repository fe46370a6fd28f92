// One layer as an image of the kernel's EROFS (Documentation/filesystems/erofs.rst, fs/erofs/erofs_fs.h), written while
// its tar is read: no file is unpacked, and contents go through memory once.
//
// Not compressed: what a container reads is where the file has it. A content's whole blocks lie together, the rest of it
// is kept behind the inode. Inodes are numbered by their place (`nid`); folders come last, when all in them have theirs.
//
// The image's root holds one folder, `layer`, so that a place where the image is not mounted can't be taken for a layer
// without files.

import Archive
import Glibc
import Linux
import SystemPackage

/// The folder of the image that is the layer's root.
let layerFolder = "layer"

/// Makes the image of a layer's tar at `path`, on top of other layers unless it `isFirst`.
///
/// - Returns: the bytes of its files, as `extractLayer` counts them.
func writeImage(of tar: any ByteSource, to path: FilePath, isFirst: Bool, limits: ArchiveLimits) throws -> Int64 {
    let image = Image(try ImageFile(path))
    let tree = try LayerTree(tar, isFirst: isFirst, limits: limits) { node, next in
        if node.type == S_IFREG { try image.addFile(node, next) } else { try image.add(node, node.target) }
    }
    try image.addFolders(of: tree)
    try image.finish(tree)
    return tree.size
}

private final class Image {
    private let file: ImageFile
    private var inodes: UInt64 = 1
    /// The image's root is behind the superblock.
    private static let superblock = 1024
    private static let root = superblock + 128

    init(_ file: ImageFile) { self.file = file }

    /// Writes a file's content as it comes, then its inode.
    func addFile(_ node: LayerNode, _ next: () throws -> (bytes: UnsafeRawBufferPointer, offset: Int64)?) throws {
        let whole = Int(node.size) / ImageFile.block * ImageFile.block
        let start = whole == 0 ? 0 : try file.takeBlocks(for: whole)
        var rest = [UInt8](repeating: 0, count: Int(node.size) - whole)
        while let (bytes, offset) = try next() {
            let first = Int(offset)
            guard first >= 0, first + bytes.count <= Int(node.size) else {
                throw SystemError("write a file that is longer than its header says", .fileTooLarge)
            }
            let head = max(0, min(bytes.count, whole - first))
            try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<head]), at: start * ImageFile.block + first)
            guard head < bytes.count else { continue }
            rest.replaceSubrange((first + head - whole)..<(first + bytes.count - whole), with: bytes[head...])
        }
        try add(node, rest, after: start)
    }

    /// Writes an inode, and `rest`, what is left of its content: behind it where both fit into a block.
    func add(_ node: LayerNode, _ rest: [UInt8], after start: Int = 0) throws {
        var inode = try ImageInode(node)
        if node.type == S_IFREG || node.type == S_IFLNK { inode.location = start }
        node.place = try add(&inode, rest.count)
        try file.put(inode.bytes + (inode.layout == .inline ? rest : []), at: Self.offset(node.place))
        guard inode.layout == .plain, !rest.isEmpty else { return }
        let whole = inode.size - rest.count
        try rest.withUnsafeBytes { try file.write($0, at: inode.location * ImageFile.block + whole) }
    }

    /// Finds places for an inode and for the rest of its content; returns the inode's number.
    private func add(_ inode: inout ImageInode, _ rest: Int) throws -> UInt64 {
        inodes += 1
        let length = ImageInode.length + inode.attributes.count
        if rest > 0, length + rest <= ImageFile.block {
            inode.layout = .inline
            return UInt64(try file.takePlace(for: length + rest) / ImageFile.unit)
        }
        if rest > 0 {
            // It follows the whole blocks, which came last.
            let block = try file.takeBlocks(for: rest)
            if inode.size == rest { inode.location = block }
        }
        return UInt64(try file.takePlace(for: length) / ImageFile.unit)
    }

    /// Writes all folders: first each gets its place, then what is in it can be told.
    func addFolders(of tree: LayerTree) throws {
        var folders: [(content: ImageFolder, inode: ImageInode)] = []
        var next = [tree.root]
        while let node = next.popLast() {
            let content = ImageFolder(node)
            var inode = try ImageInode(node)
            (inode.size, inode.links) = (content.size, content.links)
            let whole = content.size / ImageFile.block * ImageFile.block
            inode.location = whole == 0 ? 0 : try file.takeBlocks(for: whole)
            node.place = try add(&inode, content.size - whole)
            folders.append((content, inode))
            next += node.children.values.filter { $0.type == S_IFDIR }
        }
        for (content, inode) in folders {
            let bytes = content.encoded(parent: content.node.parent?.place ?? Self.number(Self.root))
            let whole = inode.layout == .plain ? bytes.count : bytes.count / ImageFile.block * ImageFile.block
            try bytes[..<whole].withUnsafeBytes { try file.write($0, at: inode.location * ImageFile.block) }
            try file.put(inode.bytes + bytes[whole...], at: Self.offset(content.node.place))
        }
    }

    /// Writes the image's own root, the numbers of names, and at the very front what makes an image of the file.
    func finish(_ tree: LayerTree) throws {
        for node in tree.linked where node.links > 1 {
            var count: [UInt8] = []
            count.append(UInt32(node.links))
            try file.put(count, at: Self.offset(node.place) + ImageInode.linksOffset)
        }
        try file.finish()
        var front = [UInt8](repeating: 0, count: Self.superblock)
        front += superblock() + root(tree.root)
        try front.withUnsafeBytes { try file.write($0, at: 0) }
    }

    private func superblock() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(UInt32(0xe0f5_e1e2))  // EROFS_SUPER_MAGIC_V1
        bytes += repeatElement(0, count: 8)  // no checksum, no compatible feature
        bytes += [12, 0]  // blocks of 1 << 12 bytes
        bytes.append(UInt16(Self.number(Self.root)))
        bytes.append(inodes)
        bytes += repeatElement(0, count: 12)  // the time of inodes that have none
        bytes.append(UInt32(file.nextBlock))
        bytes += repeatElement(0, count: 8)  // inodes' numbers count from the beginning; no shared attributes
        // Overlayfs tells layers' file systems apart by it.
        for _ in 0..<2 { bytes.append(UInt64.random(in: 1...UInt64.max)) }
        return bytes + repeatElement(0, count: 128 - bytes.count)
    }

    /// The folder above `layer`: one block's rest behind its inode.
    private func root(_ layer: LayerNode) -> [UInt8] {
        let names = [".", "..", layerFolder].map { Array($0.utf8) }
        let places = [Self.number(Self.root), Self.number(Self.root), layer.place]
        var (entries, offset): ([UInt8], Int) = ([], names.count * 12)
        for (name, place) in zip(names, places) {
            entries.append(place)
            entries.append(UInt16(offset))
            entries += [2, 0]
            offset += name.count
        }
        entries += names.joined()
        var inode: [UInt8] = []
        inode.append(1 | ImageInode.Layout.inline.rawValue << 1)
        inode.append(UInt16(0))
        inode.append(UInt16(S_IFDIR | 0o755))
        inode.append(UInt16(0))
        inode.append(UInt64(entries.count))
        inode += repeatElement(0, count: 28)
        inode.append(UInt32(3))
        inode += repeatElement(0, count: 16)
        return inode + entries
    }

    private static func offset(_ number: UInt64) -> Int { Int(number) * ImageFile.unit }
    private static func number(_ offset: Int) -> UInt64 { UInt64(offset / ImageFile.unit) }
}
