import OCI

/// What a log says of one line, or of a part of one.
struct LogEntry: Sendable, Equatable {
    /// What the process wrote; without a line's end where the line goes on in the next entry.
    var text: [UInt8] = []
    var isError = false
    var time = Timestamp.zero
    /// What was noted with it: a JSON object, or nothing.
    var attributes: [UInt8] = []
}

/// An entry of Docker's `json-file`: `{"log":"text\n","stream":"stdout","time":"2026-11-21T02:26:27.3155Z"}`.
///
/// Parsed by hand: a log has millions of them, and their form is fixed.
enum JSONFileEntry {
    private static let begin = Array(#"{"log":"#.utf8)

    /// Fills `entry`; false for what is no entry.
    ///
    /// Where a monitor was killed while it wrote, the next entry may follow on the same line: it is found.
    static func read(_ line: UnsafeRawBufferPointer, into entry: inout LogEntry) -> Bool {
        if parse(line, into: &entry) { return true }
        // A quote in a text is escaped, so this can't be inside of one.
        guard line.count > begin.count else { return false }
        for start in stride(from: line.count - begin.count, to: 0, by: -1)
        where line[start] == begin[0] && line[start..<(start + begin.count)].elementsEqual(begin) {
            return parse(UnsafeRawBufferPointer(rebasing: line[start...]), into: &entry)
        }
        return false
    }

    private static func parse(_ line: UnsafeRawBufferPointer, into entry: inout LogEntry) -> Bool {
        var scanner = LogScanner(bytes: line)
        entry.text.removeAll(keepingCapacity: true)
        entry.attributes.removeAll(keepingCapacity: true)
        entry.isError = false
        var isDated = false
        guard scanner.skip(UInt8(ascii: "{")) else { return false }
        while !scanner.skip(UInt8(ascii: "}")) {
            guard let key = scanner.raw(), scanner.skip(UInt8(ascii: ":")) else { return false }
            if key.elementsEqual("log".utf8) {
                guard scanner.string(into: &entry.text) else { return false }
            } else if key.elementsEqual("stream".utf8) {
                guard let stream = scanner.raw() else { return false }
                entry.isError = stream.elementsEqual("stderr".utf8)
            } else if key.elementsEqual("time".utf8) {
                guard let text = scanner.raw(), let time = Timestamp(utf8: text) else { return false }
                entry.time = time
                isDated = true
            } else {
                let start = scanner.position
                guard scanner.skipValue() else { return false }
                if key.elementsEqual("attrs".utf8) { entry.attributes += line[start..<scanner.position] }
            }
            _ = scanner.skip(UInt8(ascii: ","))
        }
        return isDated && scanner.isAtEnd
    }
}
