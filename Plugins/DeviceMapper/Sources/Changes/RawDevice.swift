import CLinux
import Glibc
import Linux
import SystemPackage

/// A block device, read past the page cache: what others wrote there by themselves (xfs, the pool) is not in that.
final class RawDevice {
    /// What every read begins and ends at.
    private static let unit = 4096

    let path: FilePath
    private let descriptor: OwnedDescriptor

    init(_ path: FilePath) throws {
        descriptor = OwnedDescriptor(try sys("open \(path)") { linux_open_direct(path.string) })
        self.path = path
    }

    /// The bytes from `position` on; it is an error if the device has fewer.
    func read(at position: UInt64, count: Int) throws -> DiskBytes {
        let start = position / UInt64(Self.unit) * UInt64(Self.unit)
        let skipped = Int(position - start)
        let length = (skipped + count + Self.unit - 1) / Self.unit * Self.unit
        guard let offset = off_t(exactly: start), let room = aligned_alloc(Self.unit, length) else {
            throw SystemError("read \(path) at \(position)", .noMemory)
        }
        defer { free(room) }
        var done = 0
        while done < skipped + count {
            let rest = try sys("read \(path) at \(position)") {
                pread(descriptor.rawValue, room + done, length - done, offset + done)
            }
            if rest == 0 { throw SystemError("read \(path) at \(position), behind its end", .ioError) }
            done += rest
        }
        return DiskBytes(Array(UnsafeRawBufferPointer(start: room + skipped, count: count)))
    }
}

/// What was read of a disk: numbers at places that a format names. A place outside is a mistake in the caller.
struct DiskBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func byte(_ offset: Int) -> UInt8 { bytes[offset] }

    /// A number with its lowest byte first: ext4, the device mapper.
    func little<I: FixedWidthInteger>(_ offset: Int, as: I.Type = I.self) -> I { I(littleEndian: load(offset)) }

    /// A number with its highest byte first: xfs.
    func big<I: FixedWidthInteger>(_ offset: Int, as: I.Type = I.self) -> I { I(bigEndian: load(offset)) }

    subscript(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    /// Whether the `count` bytes from `offset` on are those of `other`, but for what lies in `ignored`, counted from
    /// there and in order.
    func hasSame(_ offset: Int, _ count: Int, as other: Self, but ignored: [Range<Int>] = []) -> Bool {
        precondition(offset >= 0 && offset + count <= min(self.count, other.count))
        return bytes.withUnsafeBytes { mine in
            other.bytes.withUnsafeBytes { theirs in
                guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return count == 0 }
                func isSame(_ range: Range<Int>) -> Bool {
                    memcmp(mine + offset + range.lowerBound, theirs + offset + range.lowerBound, range.count) == 0
                }
                if isSame(0..<count) { return true }
                var start = 0
                for part in ignored where part.upperBound <= count {
                    if !isSame(start..<part.lowerBound) { return false }
                    start = part.upperBound
                }
                return isSame(start..<count)
            }
        }
    }

    private func load<I: FixedWidthInteger>(_ offset: Int) -> I {
        precondition(offset >= 0 && offset + MemoryLayout<I>.size <= bytes.count)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: I.self) }
    }
}
