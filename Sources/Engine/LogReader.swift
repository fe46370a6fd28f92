import FoundationEssentials
import OCI
import RuntimeProtocol
import Synchronization
import SystemPackage

/// Turns a log into what a client sees, a piece at a time.
final class LogReader: Sendable {
    private struct State {
        var cursor: LogCursor
        var entry = LogEntry()
        var form = LogForm()
        var isBeyondUntil = false
    }

    private let state: Mutex<State>
    private let query: LogQuery
    private let isFramed: Bool
    /// With a usual line more, and a chunk's head, it still fits into a buffer of 32 KiB.
    private static let piece = 24 << 10

    init(_ path: FilePath, _ format: LogTarget.Format, _ query: LogQuery, framed: Bool) {
        self.query = query
        isFramed = framed
        state = Mutex(State(cursor: LogCursor(LogFiles(path: path), format, query)))
    }

    /// Whether everything up to `until` was read.
    var isBeyondUntil: Bool { state.withLock { $0.isBeyondUntil } }

    /// The next bytes to send; nil where there are none at present.
    func next() throws -> [UInt8]? {
        try state.withLock { state in
            var chunk: [UInt8] = []
            while chunk.count < Self.piece, !state.isBeyondUntil, try state.cursor.next(into: &state.entry) {
                append(to: &chunk, &state)
            }
            return chunk.isEmpty ? nil : chunk
        }
    }

    private func append(to chunk: inout [UInt8], _ state: inout State) {
        if chunk.isEmpty { chunk.reserveCapacity(32 << 10) }
        guard state.entry.isError ? query.stderr : query.stdout else { return }
        if let since = query.since, state.entry.time < since { return }
        if let until = query.until, state.entry.time > until { return state.isBeyondUntil = true }
        let start = chunk.count
        if isFramed { chunk += state.entry.isError ? Self.errorHead : Self.outputHead }
        if query.timestamps { state.form.add(state.entry.time, to: &chunk) }
        if query.details { state.form.add(attributes: state.entry.attributes, to: &chunk) }
        chunk += state.entry.text
        guard isFramed else { return }
        let count = UInt32(chunk.count - start - 8)
        for index in 0..<4 { chunk[start + 4 + index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
    }

    // Docker's header of a frame: the stream, and the length in four bytes.
    private static let outputHead: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
    private static let errorHead: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0]
}

/// How times and attributes are shown; entries that follow each other have much of them in common.
private struct LogForm {
    private var second: Int64?
    private var secondText: [UInt8] = []
    private var attributes: [UInt8] = []
    private var attributesText: [UInt8] = [0x20]

    /// With all nine digits, as Docker shows it, so that the columns are straight.
    mutating func add(_ time: Timestamp, to chunk: inout [UInt8]) {
        if time.seconds != second {
            second = time.seconds
            secondText = Array("\(Timestamp(seconds: time.seconds).description.dropLast()).".utf8)
        }
        chunk += secondText
        var unit: Int32 = 100_000_000
        while unit > 0 {
            chunk.append(UInt8(0x30 + time.nanoseconds / unit % 10))
            unit /= 10
        }
        chunk.append(UInt8(ascii: "Z"))
        chunk.append(UInt8(ascii: " "))
    }

    /// `key=value,key=value `, as in a query of a URL.
    mutating func add(attributes: [UInt8], to chunk: inout [UInt8]) {
        if attributes != self.attributes {
            self.attributes = attributes
            let pairs = (try? JSONDecoder().decode([String: String].self, from: Data(attributes))) ?? [:]
            let shown = pairs.sorted { $0.key < $1.key }.map { "\(Self.escape($0.key))=\(Self.escape($0.value))" }
            attributesText = Array("\(shown.joined(separator: ",")) ".utf8)
        }
        chunk += attributesText
    }

    private static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Unicode.Scalar(byte)
            if byte == 0x20 { return "+" }
            if byte < 0x80, Character(character).isLetter || Character(character).isNumber || "-_.~".utf8.contains(byte)
            {
                return String(Character(character))
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return byte < 0x10 ? "%0\(digits)" : "%\(digits)"
        }.joined()
    }
}
