/// Base64 with padding, on bytes: the record of a layer is mostly that.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xff, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// Appends `bytes`, encoded, to `text`.
    package static func encode(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        digits.withUnsafeBufferPointer { digits in
            var index = 0
            while index < bytes.count {
                let left = min(3, bytes.count - index)
                var word = UInt32(bytes[index]) << 16
                if left > 1 { word |= UInt32(bytes[index + 1]) << 8 }
                if left > 2 { word |= UInt32(bytes[index + 2]) }
                text.append(digits[Int(word >> 18)])
                text.append(digits[Int(word >> 12 & 63)])
                text.append(left > 1 ? digits[Int(word >> 6 & 63)] : 0x3d)
                text.append(left > 2 ? digits[Int(word & 63)] : 0x3d)
                index += 3
            }
        }
    }

    /// The bytes that `text` encodes, or nil if it is no Base64.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).filter { $0 == 0x3d }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var (word, digits) = (UInt32(0), 0)
        for digit in text.dropLast(padding) {
            let value = values[Int(digit)]
            guard value != 0xff else { return nil }
            (word, digits) = (word << 6 | UInt32(value), digits + 1)
            guard digits == 4 else { continue }
            bytes.append(UInt8(word >> 16 & 0xff))
            bytes.append(UInt8(word >> 8 & 0xff))
            bytes.append(UInt8(word & 0xff))
            (word, digits) = (0, 0)
        }
        if digits == 3 {
            bytes.append(UInt8(word >> 10 & 0xff))
            bytes.append(UInt8(word >> 2 & 0xff))
        } else if digits == 2 {
            bytes.append(UInt8(word >> 4 & 0xff))
        }
        return digits == 1 ? nil : bytes
    }
}
