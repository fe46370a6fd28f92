import OCI
import Synchronization
import SystemPackage

/// Turns a json-file log into what a client sees, a piece at a time.
final class LogReader: Sendable {
    private struct State {
        var lines: LogLines
        var isBeyondUntil = false
    }

    private let state: Mutex<State>
    private let query: LogQuery
    private let isFramed: Bool

    init(_ path: FilePath, _ query: LogQuery, framed: Bool) {
        self.query = query
        isFramed = framed
        state = Mutex(State(lines: LogLines(path, tail: query.tail)))
    }

    deinit { state.withLock { $0.lines.close() } }

    /// Whether everything up to `until` was read.
    var isBeyondUntil: Bool { state.withLock { $0.isBeyondUntil } }

    /// The next bytes to send; nil where there are none at present.
    func next() throws -> [UInt8]? {
        try state.withLock { state in
            var chunk: [UInt8] = []
            while chunk.count < 65536, !state.isBeyondUntil, let line = try state.lines.next() {
                // What is no entry is what a full disk or a power cut left.
                guard let entry = LogEntry(line) else { continue }
                append(entry, to: &chunk, &state)
            }
            return chunk.isEmpty ? nil : chunk
        }
    }

    private func append(_ entry: LogEntry, to chunk: inout [UInt8], _ state: inout State) {
        guard entry.isError ? query.stderr : query.stdout else { return }
        if let since = query.since, entry.time < since { return }
        if let until = query.until, entry.time > until { return state.isBeyondUntil = true }
        let time = query.timestamps ? Array("\(Self.fullTime(entry.time)) ".utf8) : []
        if isFramed {
            let count = UInt32(time.count + entry.text.count)
            chunk += [entry.isError ? 2 : 1, 0, 0, 0]
            chunk += (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        }
        chunk += time
        chunk += entry.text
    }

    /// With all nine digits, as Docker shows it, so that the columns are straight.
    static func fullTime(_ time: Timestamp) -> String {
        let digits = String(time.nanoseconds)
        let second = Timestamp(seconds: time.seconds).description.dropLast()
        return "\(second).\(String(repeating: "0", count: 9 - digits.count))\(digits)Z"
    }
}
