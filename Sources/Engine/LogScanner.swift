import Glibc

/// As much JSON as a log needs.
struct LogScanner {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ byte: UInt8) -> Bool {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 || bytes[position] == 0x0d {
            position += 1
        }
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func find(_ byte: UInt8, from start: Int, to end: Int) -> Int? {
        guard start < end, let base = bytes.baseAddress, let found = memchr(base + start, CInt(byte), end - start)
        else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }

    /// What is between a string's quotes, as it stands there; nil where there is none, or no end of it.
    mutating func raw() -> UnsafeRawBufferPointer? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        let start = position
        var end = start
        while let quote = find(UInt8(ascii: "\""), from: end, to: bytes.count) {
            var before = quote
            while before > start, bytes[before - 1] == UInt8(ascii: "\\") { before -= 1 }
            end = quote + 1
            if (quote - before).isMultiple(of: 2) {
                position = end
                return UnsafeRawBufferPointer(rebasing: bytes[start..<quote])
            }
        }
        return nil
    }

    /// Adds the text of a string, unescaped, to `text`.
    mutating func string(into text: inout [UInt8]) -> Bool {
        guard let raw = raw() else { return false }
        let (after, end) = (position, position - 1)
        position = end - raw.count
        while let escape = find(UInt8(ascii: "\\"), from: position, to: end) {
            text += bytes[position..<escape]
            position = escape + 1
            guard addEscaped(to: &text) else { return false }
        }
        text += bytes[position..<end]
        position = after
        return true
    }

    private mutating func addEscaped(to text: inout [UInt8]) -> Bool {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "u"): return addUnicode(to: &text)
        default: text.append(byte)
        }
        return true
    }

    private mutating func addUnicode(to text: inout [UInt8]) -> Bool {
        guard var code = number() else { return false }
        if (0xd800..<0xdc00).contains(code), bytes[position...].starts(with: #"\u"#.utf8) {
            position += 2
            guard let low = number() else { return false }
            code = 0x10000 + ((code - 0xd800) << 10) + (low &- 0xdc00) & 0x3ff
        }
        if code < 0x80 {
            text.append(UInt8(code))
        } else {
            text += String(Unicode.Scalar(code).map(Character.init) ?? "\u{fffd}").utf8
        }
        return true
    }

    private mutating func number() -> UInt32? {
        guard bytes.count - position >= 4 else { return nil }
        var number: UInt32 = 0
        for byte in bytes[position..<(position + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            number = number << 4 | UInt32(digit)
        }
        position += 4
        return number
    }

    /// Steps over a string, or over an object of whatever depth.
    mutating func skipValue() -> Bool {
        var depth = 0
        repeat {
            if skip(UInt8(ascii: "{")) {
                depth += 1
            } else if skip(UInt8(ascii: "}")) {
                depth -= 1
            } else if !skip(UInt8(ascii: ",")), !skip(UInt8(ascii: ":")), raw() == nil {
                return false
            }
        } while depth > 0
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Where the first such byte is; the C library looks at many bytes at once.
    func firstOffset(of byte: UInt8) -> Int? {
        guard let baseAddress, let found = memchr(baseAddress, CInt(byte), count) else { return nil }
        return UnsafeRawPointer(found) - baseAddress
    }
}
