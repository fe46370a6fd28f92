import CISAL

/// CRC-64/ISO as tar-split has it: reflected, all ones before and after.
struct CRC64 {
    /// The sum of all bytes so far.
    private(set) var value: UInt64 = 0

    /// The sum as the record has it: big-endian.
    var bytes: [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = crc64_iso_refl(value, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count))
    }
}
