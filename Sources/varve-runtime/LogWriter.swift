import CLinux
import Glibc
import RuntimeProtocol

/// Makes entries of a log from what a container says: one a line, lines longer than 16 KiB in parts.
final class LogWriter {
    private let file: LogFile
    private var encoder: any LogEncoder
    /// What came of a line so far, by stream.
    private var lines: [[UInt8]] = [[], [], []]
    /// Entries that are not in the file yet.
    private var entries: [UInt8] = []
    private static let longest = 16 << 10
    /// More is not held in memory: a chunk of line ends alone becomes a hundred times its size.
    private static let most = 256 << 10

    init(_ target: LogTarget) {
        switch target.format {
        case .jsonFile: encoder = JSONFileEncoder(attributes: target.attributes)
        case .local: encoder = LocalEncoder()
        }
        file = LogFile(target, encoder)
    }

    func write(_ bytes: UnsafeRawBufferPointer, stream: UInt8) {
        let time = Self.now()
        let index = Int(stream)
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.longest - lines[index].count)
            let end = piece.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? piece.endIndex
            lines[index] += piece[..<end]
            rest = rest[end...]
            if lines[index].last == UInt8(ascii: "\n") || lines[index].count >= Self.longest {
                append(index, time)
            }
        }
        store()
    }

    /// Writes what came without a line's end.
    func finish() {
        for index in lines.indices where !lines[index].isEmpty { append(index, Self.now()) }
        store()
        file.finish()
    }

    private static func now() -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    private func append(_ index: Int, _ time: timespec) {
        if file.isFull(with: entries.count) {
            store()
            file.rotate()
        }
        encoder.append(lines[index], stream: UInt8(index), time: time, to: &entries)
        lines[index].removeAll(keepingCapacity: true)
        if entries.count >= Self.most { store() }
    }

    private func store() {
        file.store(entries)
        entries.removeAll(keepingCapacity: true)
    }
}
