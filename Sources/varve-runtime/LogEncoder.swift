import CLinux
import Glibc
import OCI

/// How a log driver writes an entry.
protocol LogEncoder {
    /// Adds an entry: a line with its end, or a part of a line.
    mutating func append(_ line: [UInt8], stream: UInt8, time: timespec, to entries: inout [UInt8])

    /// How many of `bytes`, which begin with an entry, are whole ones.
    func wholeLength(_ bytes: UnsafeRawBufferPointer) -> Int

    /// Where the last whole entry of a file of `size` bytes ends: behind it is what a monitor that was killed wrote of another.
    func end(of file: CInt, size: Int64) -> Int64
}

/// Docker's `json-file`: a JSON object a line.
struct JSONFileEncoder: LogEncoder {
    /// What stands between the stream and the time.
    private let attributes: String
    private var time = timespec()
    private var timeText = ""

    init(attributes: String?) { self.attributes = attributes.map { #","attrs":\#($0)"# } ?? "" }

    mutating func append(_ line: [UInt8], stream: UInt8, time: timespec, to entries: inout [UInt8]) {
        if time.tv_nsec != self.time.tv_nsec || time.tv_sec != self.time.tv_sec {
            self.time = time
            timeText = Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec)).description
        }
        entries += "{\"log\":\"".utf8
        Self.escape(line, into: &entries)
        entries += "\",\"stream\":\"\(stream == 1 ? "stdout" : "stderr")\"".utf8
        entries += attributes.utf8
        entries += ",\"time\":\"\(timeText)\"}\n".utf8
    }

    func wholeLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    func end(of file: CInt, size: Int64) -> Int64 {
        var block = [UInt8](repeating: 0, count: 65536)
        var end = size
        while end > 0 {
            let start = max(0, end - Int64(block.count))
            let count = pread(file, &block, Int(end - start), off_t(start))
            guard count > 0 else { return size }
            let whole = block.withUnsafeBytes { wholeLength(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            if whole > 0 { return start + Int64(whole) }
            end = start
        }
        return 0
    }

    /// As Go's encoder: what is not UTF-8 is replaced, `<`, `>` and `&` are escaped.
    private static func escape(_ line: [UInt8], into entries: inout [UInt8]) {
        let text = line.allSatisfy { $0 < 0x80 } ? line : Array(String(decoding: line, as: UTF8.self).utf8)
        var plain = 0
        for (index, byte) in text.enumerated() where !isPlain[Int(byte)] {
            entries += text[plain..<index]
            plain = index + 1
            escape(byte, into: &entries)
        }
        entries += text[plain...]
    }

    /// Bytes that stand for themselves.
    private static let isPlain = (0..<256).map { $0 >= 0x20 && !"\"\\<>&".utf8.contains(UInt8($0)) }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func escape(_ byte: UInt8, into entries: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): entries += #"\""#.utf8
        case UInt8(ascii: "\\"): entries += #"\\"#.utf8
        case UInt8(ascii: "\n"): entries += #"\n"#.utf8
        case UInt8(ascii: "\r"): entries += #"\r"#.utf8
        case UInt8(ascii: "\t"): entries += #"\t"#.utf8
        default:
            entries += #"\u00"#.utf8
            entries.append(digits[Int(byte >> 4)])
            entries.append(digits[Int(byte & 15)])
        }
    }
}
