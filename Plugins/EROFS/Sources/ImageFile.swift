import Glibc
import Linux
import SystemPackage

/// The file that an image is written to, from its beginning to its end: blocks for contents, and between them stretches
/// in which small things lie one after the other, as inodes do.
final class ImageFile {
    static let block = 4096
    /// An inode's number is its place in the file in units of this.
    static let unit = 32
    private static let stretch = 16 * block

    private let descriptor: OwnedDescriptor
    private let path: FilePath
    /// The next block that nobody has.
    private(set) var nextBlock = 1
    /// Where the stretch at hand begins, and what is in it.
    private var start = 0
    private var small: [UInt8] = []
    private var room = 0

    init(_ path: FilePath) throws {
        self.path = path
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        descriptor = OwnedDescriptor(try sys("create \(path)") { open(path.string, flags, 0o600) })
    }

    /// Takes whole blocks that follow each other; returns the first one's number.
    func takeBlocks(for bytes: Int) throws -> Int {
        let first = nextBlock
        nextBlock += (bytes + Self.block - 1) / Self.block
        guard nextBlock <= UInt32.max else { throw SystemError("write \(path)", .fileTooLarge) }
        return first
    }

    /// Takes a place for `count` bytes, in one block where they fit into one; returns its offset.
    func takePlace(for count: Int) throws -> Int {
        func rounded(_ number: Int, _ unit: Int) -> Int { (number + unit - 1) / unit * unit }
        var used = rounded(small.count, Self.unit)
        if used % Self.block + count > Self.block { used = rounded(used, Self.block) }
        if used + count > room {
            try flush()
            room = rounded(max(count, Self.stretch), Self.block)
            start = try takeBlocks(for: room) * Self.block
            used = 0
        }
        small += repeatElement(0, count: used + count - small.count)
        return start + used
    }

    /// Writes small things to the place that was taken for them.
    func put(_ bytes: [UInt8], at offset: Int) throws {
        let inside = offset - start
        guard inside >= 0, inside + bytes.count <= small.count else {
            return try bytes.withUnsafeBytes { try write($0, at: offset) }
        }
        small.replaceSubrange(inside..<inside + bytes.count, with: bytes)
    }

    /// Writes at once.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            done += try sys("write \(path)") {
                pwrite(descriptor.rawValue, bytes.baseAddress?.advanced(by: done), bytes.count - done, offset + done)
            }
        }
    }

    /// Writes what is left, and gives the file its whole length.
    func finish() throws {
        try flush()
        try sys("set the size of \(path)") { ftruncate(descriptor.rawValue, nextBlock * Self.block) }
    }

    private func flush() throws {
        try small.withUnsafeBytes { try write($0, at: start) }
        small.removeAll(keepingCapacity: true)
        room = 0
    }
}
