import FoundationEssentials
import OCI
import Synchronization
import SystemPackage

/// Turns a json-file log into what a client sees, a piece at a time.
final class LogReader: Sendable {
    /// One line of the file.
    private struct Entry: Decodable {
        var log: String
        var stream: String
        var time: String
    }

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
                guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)) else { continue }
                append(entry, to: &chunk, &state)
            }
            return chunk.isEmpty ? nil : chunk
        }
    }

    private func append(_ entry: Entry, to chunk: inout [UInt8], _ state: inout State) {
        let isError = entry.stream == "stderr"
        guard isError ? query.stderr : query.stdout else { return }
        if query.since != nil || query.until != nil, let time = Timestamp(entry.time) {
            if let since = query.since, time < since { return }
            if let until = query.until, time > until { return state.isBeyondUntil = true }
        }
        let text = Array((query.timestamps ? Self.fullTime(entry.time) + " " : "").utf8) + Array(entry.log.utf8)
        if isFramed {
            let count = UInt32(text.count)
            chunk += [isError ? 2 : 1, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        }
        chunk += text
    }

    /// With all nine digits, as Docker shows it, so that the columns are straight.
    static func fullTime(_ time: String) -> String {
        guard let dot = time.firstIndex(of: "."), time.hasSuffix("Z") else {
            return time.hasSuffix("Z") ? time.dropLast() + ".000000000Z" : time
        }
        let digits = time[time.index(after: dot)...].dropLast()
        return time[...dot] + digits + String(repeating: "0", count: max(0, 9 - digits.count)) + "Z"
    }
}
