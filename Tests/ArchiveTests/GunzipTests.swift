import Testing

@testable import Archive

/// gzip as it comes from others: in pieces of any size, of several members, cut, changed.
struct GunzipTests {
    /// Gives one byte at a time.
    private final class Trickle: ByteSource {
        private var rest: ArraySlice<UInt8>
        init(_ bytes: [UInt8]) { rest = bytes[...] }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            guard let byte = rest.popFirst() else { return 0 }
            buffer[0] = byte
            return 1
        }
    }

    private static let plain = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7 ^ $0 >> 9) }

    private func zipped(_ bytes: [UInt8]) throws -> [UInt8] {
        let sink = BufferSink()
        let gzip = GzipSink(sink)
        try gzip.write(bytes)
        try gzip.finish()
        return sink.bytes
    }

    private func unzipped(_ bytes: [UInt8]) throws -> [UInt8] {
        try GunzipSource(BufferSource(bytes)).readAll(limit: 1 << 24)
    }

    @Test func comesInPiecesOfAnySize() throws {
        let bytes = try zipped(Self.plain)
        #expect(try GunzipSource(Trickle(bytes + bytes)).readAll(limit: 1 << 20) == Self.plain + Self.plain)
        let source = GunzipSource(BufferSource(bytes))
        var (all, piece) = ([UInt8](), [UInt8](repeating: 0, count: 777))
        while case let count = try piece.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
            all += piece[..<count]
        }
        #expect(all == Self.plain)
    }

    @Test func hasMembersWithoutBytes() throws {
        let empty = try zipped([])
        #expect(try unzipped([]) == [])
        #expect(try unzipped(empty + empty) == [])
        // In memory that another one had.
        for _ in 0..<20 { #expect(try unzipped(zipped([])) == []) }
        #expect(try unzipped(empty + zipped([1, 2]) + empty) == [1, 2])
    }

    /// A header may have a name, a comment, other fields and a check sum of its own.
    @Test func stepsOverWhatHeadersMayHave() throws {
        let bytes = try zipped([7, 8, 9])
        var header: [UInt8] = [0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 255, 3, 0, 1, 2, 3] + Array("name\0comment\0".utf8)
        header += [0x35, 0x5f]
        #expect(try GunzipSource(Trickle(header + bytes.dropFirst(10))).readAll(limit: 100) == [7, 8, 9])
    }

    @Test func isCutAnywhere() throws {
        let bytes = try zipped(Array(Self.plain.prefix(5000)))
        for count in 1..<bytes.count {
            #expect(throws: ArchiveError.truncated) { try unzipped(Array(bytes.prefix(count))) }
        }
    }

    @Test func isChangedAnywhere() throws {
        let plain = Array(Self.plain.prefix(3000))
        let bytes = try zipped(plain)
        // Time, flags of the compressor and system, at 4 to 9, are nobody's business.
        for place in bytes.indices where !(4..<10).contains(place) {
            for bit in 0..<8 {
                var changed = bytes
                changed[place] ^= 1 << bit
                // Some bits of the last block's padding say nothing, and data may be read as a part of the header.
                if let read = try? unzipped(changed) { #expect(read == plain, "byte \(place), bit \(bit)") }
            }
        }
    }

    @Test func endsBeforeGarbage() throws {
        #expect(throws: ArchiveError.self) { try unzipped(zipped([1, 2, 3]) + [1, 2, 3]) }
        #expect(throws: ArchiveError.self) { try unzipped([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) }
    }
}
