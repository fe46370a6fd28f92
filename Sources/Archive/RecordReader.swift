import OCI

/// Reads a tar-split record, one entry after the other, without having it whole in memory: JSON objects with any
/// white space between them, unknown keys ignored.
struct RecordReader {
    enum Entry: Equatable {
        case segment([UInt8])
        case file(name: [UInt8], size: Int64, sum: [UInt8])
    }

    private let source: any ByteSource
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var position = 0
    private var end = 0

    init(_ source: any ByteSource) { self.source = source }

    /// The next entry, or nil at the end.
    mutating func next() throws -> Entry? {
        guard try skipSpace() != nil else { return nil }
        try expect(UInt8(ascii: "{"))
        var (type, name, raw, size, payload) = (Int64(0), [UInt8](), [UInt8](), Int64(0), [UInt8]())
        while try skipSpace() != UInt8(ascii: "}") {
            let key = try string()
            _ = try skipSpace()
            try expect(UInt8(ascii: ":"))
            switch String(decoding: key, as: UTF8.self) {
            case "type": type = try number()
            case "size": size = try number()
            case "name": name = try text()
            case "name_raw": raw = try decoded(text())
            case "payload": payload = try decoded(text())
            default: try skipValue()
            }
            if try skipSpace() == UInt8(ascii: ",") { try expect(UInt8(ascii: ",")) }
        }
        try expect(UInt8(ascii: "}"))
        switch type {
        case 1: return .file(name: raw.isEmpty ? name : raw, size: size, sum: payload)
        case 2: return .segment(payload)
        default: throw ArchiveError.damagedRecord(reason: "an entry of type \(type)")
        }
    }

    private func decoded(_ text: [UInt8]) throws -> [UInt8] {
        guard let bytes = Base64.decode(text) else { throw ArchiveError.damagedRecord(reason: "it is no Base64") }
        return bytes
    }

    /// The next byte without taking it.
    private mutating func peek() throws -> UInt8? {
        if position == end {
            end = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            position = 0
        }
        return end == 0 ? nil : buffer[position]
    }

    private mutating func take() throws -> UInt8 {
        guard let byte = try peek() else { throw ArchiveError.damagedRecord(reason: "it ends inside an entry") }
        position += 1
        return byte
    }

    private mutating func expect(_ byte: UInt8) throws {
        guard try take() == byte else { throw ArchiveError.damagedRecord(reason: "it is no JSON") }
    }

    private mutating func skipSpace() throws -> UInt8? {
        while let byte = try peek() {
            guard [0x20, 0x09, 0x0a, 0x0d].contains(byte) else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func number() throws -> Int64 {
        _ = try skipSpace()
        var digits: [UInt8] = []
        while let byte = try peek(), byte == 0x2d || (0x30...0x39).contains(byte) {
            digits.append(byte)
            position += 1
        }
        guard let value = Int64(String(decoding: digits, as: UTF8.self)) else {
            throw ArchiveError.damagedRecord(reason: "a number is missing")
        }
        return value
    }

    /// A string, or empty for `null`.
    private mutating func text() throws -> [UInt8] {
        if try skipSpace() == UInt8(ascii: "n") {
            for byte in "null".utf8 { try expect(byte) }
            return []
        }
        return try string()
    }

    private mutating func string() throws -> [UInt8] {
        _ = try skipSpace()
        try expect(0x22)
        var bytes: [UInt8] = []
        while let byte = try peek(), byte != 0x22 {
            if byte == 0x5c {
                position += 1
                try escape(&bytes)
            } else {
                // The plain run up to the next quote or escape, as far as it is in the buffer.
                let start = position
                while position < end, buffer[position] != 0x22, buffer[position] != 0x5c { position += 1 }
                bytes += buffer[start..<position]
            }
        }
        try expect(0x22)
        return bytes
    }

    private mutating func escape(_ bytes: inout [UInt8]) throws {
        switch try take() {
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if units[0] >= 0xd800, units[0] < 0xdc00 {
                try expect(0x5c)
                try expect(UInt8(ascii: "u"))
                units.append(try unit())
            }
            bytes += String(decoding: units, as: UTF16.self).utf8
        case let other: bytes.append(other)
        }
    }

    private mutating func unit() throws -> UInt16 {
        let digits = [try take(), try take(), try take(), try take()]
        guard let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw ArchiveError.damagedRecord(reason: "it is no JSON")
        }
        return unit
    }

    /// Passes over a value of any kind, up to the `,` or `}` after it.
    private mutating func skipValue() throws {
        var depth = 0
        while let byte = try skipSpace() {
            let isEnd = byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
            if depth == 0, isEnd || byte == UInt8(ascii: ",") { return }
            if byte == 0x22 {
                _ = try string()
                continue
            }
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
            if isEnd { depth -= 1 }
            position += 1
        }
    }
}
