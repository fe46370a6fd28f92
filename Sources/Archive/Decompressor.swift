/// Decompresses what begins as gzip, zstd, xz or bzip2 does, and hands on the rest as it is; by the bytes, since names
/// and media types lie.
package final class Decompressor: ByteSource {
    private let limits: ArchiveLimits
    private let source: PeekedSource
    private let plain: any ByteSource
    private let isCompressed: Bool
    private var total: Int64 = 0
    /// Below this much, no ratio is suspicious.
    private static let harmless: Int64 = 64 << 20

    /// Looks at the first bytes of `source`.
    package init(_ source: any ByteSource, limits: ArchiveLimits) throws {
        self.limits = limits
        let peeked = try PeekedSource(source, count: 6)
        self.source = peeked
        isCompressed = Self.isCompressed(peeked.head)
        // libarchive does not look at the check sum of gzip.
        if peeked.head.starts(with: Self.gzip) {
            plain = GunzipSource(peeked)
        } else {
            plain = isCompressed ? try FilteredSource(peeked) : peeked
        }
    }

    private static let gzip: [UInt8] = [0x1f, 0x8b]

    private static func isCompressed(_ head: [UInt8]) -> Bool {
        let magics: [[UInt8]] = [
            gzip, Array("BZh".utf8), [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], [0x28, 0xb5, 0x2f, 0xfd],
        ]
        // zstd may begin with a frame to be skipped.
        let isSkippable = head.count > 3 && head[0] & 0xf0 == 0x50 && head[1...3].elementsEqual([0x2a, 0x4d, 0x18])
        return isSkippable || magics.contains { head.starts(with: $0) }
    }

    /// Hands on decompressed bytes; past a limit it throws `ArchiveError.tooLarge` or `.bomb`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try plain.read(into: buffer)
        total += Int64(count)
        guard total <= limits.expandedBytes else { throw ArchiveError.tooLarge(limit: limits.expandedBytes) }
        if isCompressed, total > Self.harmless, total / Int64(limits.ratio) > source.consumed {
            throw ArchiveError.bomb(ratio: limits.ratio)
        }
        return count
    }
}

/// What one of libarchive's filters makes of a source.
private final class FilteredSource: ByteSource {
    private let archive: ArchiveInput
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ source: any ByteSource) throws {
        archive = try ArchiveInput(source, .compressed)
        guard try archive.next() != nil else { throw ArchiveError.truncated }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while block.isEmpty {
            guard let next = try archive.nextBlock() else { return 0 }
            block = next.bytes
        }
        let count = min(block.count, buffer.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<count]))
        block = UnsafeRawBufferPointer(rebasing: block[count...])
        return count
    }
}

/// A source whose first bytes are known before they are read.
private final class PeekedSource: ByteSource {
    let head: [UInt8]
    /// Bytes that were taken from the source.
    private(set) var consumed: Int64 = 0
    private let source: any ByteSource
    private var given = 0

    init(_ source: any ByteSource, count: Int) throws {
        var head: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: count)
        while head.count < count {
            let got = try chunk.withUnsafeMutableBytes {
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<(count - head.count)]))
            }
            if got == 0 { break }
            head += chunk[..<got]
        }
        consumed = Int64(head.count)
        self.head = head
        self.source = source
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard given < head.count else {
            let count = try source.read(into: buffer)
            consumed += Int64(count)
            return count
        }
        let count = min(head.count - given, buffer.count)
        buffer.copyBytes(from: head[given..<given + count])
        given += count
        return count
    }
}
