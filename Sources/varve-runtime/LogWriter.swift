import Glibc
import OCI
import RuntimeProtocol

/// Docker's json-file log: one object a line, lines longer than 16 KiB in parts.
final class LogWriter {
    private let path: String
    private let maxSize: Int64?
    private let maxFiles: Int
    private var file: CInt = -1
    private var size: Int64 = 0
    private var lines: [UInt8: [UInt8]] = [1: [], 2: []]
    private static let longest = 16 << 10

    init(path: String, maxSize: Int64?, maxFiles: Int) {
        self.path = path
        self.maxSize = maxSize
        self.maxFiles = max(1, maxFiles)
        openFile()
    }

    private func openFile() {
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        var status = stat()
        size = file >= 0 && fstat(file, &status) == 0 ? Int64(status.st_size) : 0
    }

    func write(_ bytes: UnsafeRawBufferPointer, stream: UInt8) {
        let time = now()
        var line = lines[stream] ?? []
        var entries: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.longest - line.count)
            let end = piece.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? piece.endIndex
            line += piece[..<end]
            rest = rest[end...]
            if line.last == UInt8(ascii: "\n") || line.count >= Self.longest {
                append(line, stream, time, to: &entries)
                line.removeAll(keepingCapacity: true)
            }
        }
        lines[stream] = line
        store(entries)
    }

    /// Writes what came without a line's end.
    func finish() {
        var entries: [UInt8] = []
        for (stream, line) in lines.sorted(by: { $0.key < $1.key }) where !line.isEmpty {
            append(line, stream, now(), to: &entries)
        }
        lines = [1: [], 2: []]
        store(entries)
        if file >= 0 { close(file) }
        file = -1
    }

    private func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec)).description
    }

    private func append(_ line: [UInt8], _ stream: UInt8, _ time: String, to entries: inout [UInt8]) {
        entries += "{\"log\":\"".utf8
        Self.escape(line, into: &entries)
        entries += "\",\"stream\":\"\(stream == 1 ? "stdout" : "stderr")\",\"time\":\"\(time)\"}\n".utf8
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

    /// A log that can't be written must not stop the container: what does not fit on the disk is lost.
    private func store(_ entries: [UInt8]) {
        guard !entries.isEmpty, file >= 0 else { return }
        if let maxSize, size > 0, size + Int64(entries.count) > maxSize { rotate() }
        var done = 0
        while done < entries.count {
            let count = entries.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: done), entries.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            done += count
        }
        size += Int64(done)
    }

    /// `log` → `log.1` → `log.2` …; with one file only, it begins anew.
    private func rotate() {
        close(file)
        if maxFiles == 1 {
            unlink(path)
        } else {
            for number in stride(from: maxFiles - 2, to: 0, by: -1) {
                rename("\(path).\(number)", "\(path).\(number + 1)")
            }
            rename(path, "\(path).1")
        }
        openFile()
    }
}
