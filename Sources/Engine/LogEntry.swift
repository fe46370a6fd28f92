import OCI

/// One entry of a json-file log: `{"log":"text\n","stream":"stdout","time":"2026-11-21T02:26:27.3155Z"}`.
///
/// Parsed by hand: a log has millions of them, and their form is fixed.
struct LogEntry: Sendable, Equatable {
    /// What the process wrote; without a line's end where the line goes on in the next entry.
    var text: [UInt8] = []
    var isError = false
    var time = Timestamp.zero

    private static let begin = Array(#"{"log":"#.utf8)

    /// Nil for what is no entry.
    ///
    /// Where a monitor was killed while it wrote, the next one's first entry follows on the same line: it is found.
    init?(_ line: some Collection<UInt8>) {
        let line = Array(line)
        if let entry = Self.parse(line[...]) {
            self = entry
            return
        }
        // A quote in a text is escaped, so this can't be inside of one.
        guard line.count > Self.begin.count else { return nil }
        for start in stride(from: line.count - Self.begin.count, to: 0, by: -1)
        where line[start] == Self.begin[0] && line[start..<(start + Self.begin.count)].elementsEqual(Self.begin) {
            guard let entry = Self.parse(line[start...]) else { return nil }
            self = entry
            return
        }
        return nil
    }

    private init() {}

    private static func parse(_ line: ArraySlice<UInt8>) -> LogEntry? {
        var scanner = LogScanner(rest: line)
        var entry = LogEntry()
        var isDated = false
        guard scanner.skip(UInt8(ascii: "{")) else { return nil }
        while !scanner.skip(UInt8(ascii: "}")) {
            guard let key = scanner.string(), scanner.skip(UInt8(ascii: ":")) else { return nil }
            switch String(decoding: key, as: UTF8.self) {
            case "log":
                guard let text = scanner.string() else { return nil }
                entry.text = text
            case "stream":
                guard let stream = scanner.string() else { return nil }
                entry.isError = stream.elementsEqual("stderr".utf8)
            case "time":
                guard let text = scanner.string(), let time = Timestamp(String(decoding: text, as: UTF8.self)) else {
                    return nil
                }
                entry.time = time
                isDated = true
            default: guard scanner.skipValue() else { return nil }
            }
            _ = scanner.skip(UInt8(ascii: ","))
        }
        return isDated && scanner.rest.isEmpty ? entry : nil
    }
}

/// As much JSON as a log needs.
private struct LogScanner {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ byte: UInt8) -> Bool {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        guard rest.first == byte else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// The text of a string, unescaped; nil where there is none, or no end of it.
    mutating func string() -> [UInt8]? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        var text: [UInt8] = []
        while let special = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            text += rest[..<special]
            let isEnd = rest[special] == UInt8(ascii: "\"")
            rest = rest[(special + 1)...]
            if isEnd { return text }
            guard let character = escaped() else { return nil }
            text += character
        }
        return nil
    }

    private mutating func escaped() -> [UInt8]? {
        guard let byte = rest.popFirst() else { return nil }
        switch byte {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "u"): return unicode()
        default: return [byte]
        }
    }

    private mutating func unicode() -> [UInt8]? {
        guard var code = number() else { return nil }
        if (0xd800..<0xdc00).contains(code), rest.starts(with: #"\u"#.utf8) {
            rest = rest.dropFirst(2)
            guard let low = number() else { return nil }
            code = 0x10000 + ((code - 0xd800) << 10) + (low &- 0xdc00) & 0x3ff
        }
        return Array(String(Unicode.Scalar(code).map(Character.init) ?? "\u{fffd}").utf8)
    }

    private mutating func number() -> UInt32? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return digits.count == 4 ? UInt32(String(decoding: digits, as: UTF8.self), radix: 16) : nil
    }

    /// Steps over a string, or over an object of whatever depth.
    mutating func skipValue() -> Bool {
        var depth = 0
        repeat {
            if skip(UInt8(ascii: "{")) {
                depth += 1
            } else if skip(UInt8(ascii: "}")) {
                depth -= 1
            } else if !skip(UInt8(ascii: ",")), !skip(UInt8(ascii: ":")), string() == nil {
                return false
            }
        } while depth > 0
        return true
    }
}
