/// CRC-64/ISO as tar-split has it: reflected, all ones before and after.
///
/// Sixteen bytes a step: table k says what a byte does to the sum k bytes later.
struct CRC64 {
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var sum = UInt64(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xd800_0000_0000_0000 : sum >> 1 }
            tables[byte] = sum
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xff)] ^ before >> 8
        }
        return tables
    }()

    private var sum = ~UInt64(0)

    /// The sum of all bytes so far.
    var value: UInt64 { ~sum }

    /// The sum as the record has it: big-endian.
    var bytes: [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var sum = sum
        Self.tables.withUnsafeBufferPointer { tables in
            guard let t = tables.baseAddress, var next = bytes.baseAddress else { return }
            var left = bytes.count
            while left >= 16 {
                let low = sum ^ UInt64(littleEndian: next.loadUnaligned(as: UInt64.self))
                let high = UInt64(littleEndian: next.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                sum = Self.step(low, t + 8 * 256) ^ Self.step(high, t)
                next += 16
                left -= 16
            }
            for index in 0..<left {
                sum =
                    t[Int(truncatingIfNeeded: (sum ^ UInt64(next.load(fromByteOffset: index, as: UInt8.self))) & 0xff)]
                    ^ sum >> 8
            }
        }
        self.sum = sum
    }

    @inline(__always)
    private static func step(_ word: UInt64, _ t: UnsafePointer<UInt64>) -> UInt64 {
        let w = UInt(word)
        let first = t[Int(7 * 256 + (w & 0xff))] ^ t[Int(6 * 256 + (w >> 8 & 0xff))]
        let second = t[Int(5 * 256 + (w >> 16 & 0xff))] ^ t[Int(4 * 256 + (w >> 24 & 0xff))]
        let third = t[Int(3 * 256 + (w >> 32 & 0xff))] ^ t[Int(2 * 256 + (w >> 40 & 0xff))]
        return first ^ second ^ third ^ t[Int(256 + (w >> 48 & 0xff))] ^ t[Int(w >> 56)]
    }
}
