/// Text that is no JSON, with the byte where that shows.
struct JSONSyntaxError: Error, CustomStringConvertible {
    let offset: Int
    var description: String { "no valid JSON at byte \(offset)" }
}

extension JSON {
    /// Reads one value and nothing behind it.
    init(_ bytes: some Collection<UInt8>) throws {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.isAtEnd else { throw reader.error }
    }
}

/// Reads a value from UTF-8, at most 512 levels deep.
private struct JSONReader {
    let bytes: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == bytes.count }
    var error: JSONSyntaxError { JSONSyntaxError(offset: index) }
    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func value(depth: Int) throws -> JSON {
        guard depth < 512 else { throw error }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    mutating func skipSpace() {
        while let byte = current, byte == 32 || byte == 10 || byte == 13 || byte == 9 { index += 1 }
    }

    private mutating func object(depth: Int) throws -> JSON {
        index += 1
        var fields: [(key: String, value: JSON)] = []
        while true {
            skipSpace()
            if fields.isEmpty, accept("}") { return .object([]) }
            guard current == UInt8(ascii: "\"") else { throw error }
            let key = try string()
            skipSpace()
            guard accept(":") else { throw error }
            fields.append((key: key, value: try value(depth: depth + 1)))
            skipSpace()
            if accept("}") { return .object(fields) }
            guard accept(",") else { throw error }
        }
    }

    private mutating func array(depth: Int) throws -> JSON {
        index += 1
        var values: [JSON] = []
        while true {
            skipSpace()
            if values.isEmpty, accept("]") { return .array([]) }
            values.append(try value(depth: depth + 1))
            skipSpace()
            if accept("]") { return .array(values) }
            guard accept(",") else { throw error }
        }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func word(_ text: String, _ value: JSON) throws -> JSON {
        guard bytes[index...].starts(with: text.utf8) else { throw error }
        index += text.utf8.count
        return value
    }

    private mutating func number() throws -> JSON {
        let start = index
        while let byte = current, (48...57).contains(byte) || "+-.eE".utf8.contains(byte) { index += 1 }
        let digits = String(decoding: bytes[start..<index], as: UTF8.self)
        guard Double(digits) != nil else { throw error }
        return .number(digits)
    }

    private mutating func string() throws -> String {
        index += 1
        var text: [UInt8] = []
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            default: text.append(byte)
            }
        }
        throw error
    }

    private mutating func escape(into text: inout [UInt8]) throws {
        guard let byte = current else { throw error }
        index += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "u"):
            var code = try hex4()
            if (0xD800..<0xDC00).contains(code), bytes[index...].starts(with: #"\u"#.utf8) {
                index += 2
                code = 0x10000 + (code - 0xD800) << 10 + (try hex4() &- 0xDC00) & 0x3FF
            }
            text += Array(String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
        default: text.append(byte)
        }
    }

    private mutating func hex4() throws -> UInt32 {
        guard index + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw error }
        index += 4
        return code
    }
}
