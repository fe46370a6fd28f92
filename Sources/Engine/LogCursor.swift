import RuntimeProtocol

/// Goes through a log's entries from one end to the other, over its files, while it is written and rotated.
struct LogCursor {
    private let files: LogFiles
    private let format: LogTarget.Format
    private var source: LogSource?
    private var window = LogWindow()
    /// Records to step over.
    private var skipped = 0
    /// The end of the current file was seen after it was rotated away: nothing comes any more.
    private var isFinal = false
    /// How often the next file was there, and could not be opened.
    private var misses = 0
    private static let mostMisses = 300

    init(_ files: LogFiles, _ format: LogTarget.Format, _ query: LogQuery) {
        self.files = files
        self.format = format
        let start = LogStart(files, format, query)
        source = start.source
        window = LogWindow(at: start.offset)
        skipped = start.skipped
    }

    /// Fills `entry` with the next one; false: there is none at present.
    mutating func next(into entry: inout LogEntry) throws -> Bool {
        while true {
            if let record = window.next(format) {
                if skipped > 0 {
                    skipped -= 1
                } else if window.read(record, format, into: &entry) {
                    return true
                }
                // What is no entry is what a full disk or a power cut left.
                continue
            }
            if let source, try window.fill(from: source) { continue }
            guard moveOn() else { return false }
        }
    }

    /// Goes to the next file where the current one is complete; true if there may be more to read.
    private mutating func moveOn() -> Bool {
        guard let source else { return read(files.openOldest()) }
        let number = files.number(of: source)
        guard number != 0 else {
            isFinal = false
            return false
        }
        // Something may have been written between its end that we saw and its rotation.
        guard isFinal else {
            isFinal = true
            return true
        }
        // Neither named nor deleted: it is being renamed at this moment.
        guard let number else { return source.isDeleted && read(files.openOldest()) }
        // Files only move up: if it is still there, what was opened was next to it.
        let next = files.open(number - 1)
        // A monitor that was killed while it renamed left one number out.
        let other = next == nil && number > 1 ? files.open(number - 2) : nil
        guard files.number(of: source) == number else { return true }
        // It may have come this moment; one that is damaged never opens.
        if next == nil, misses < Self.mostMisses, files.isThere(number - 1) {
            misses += 1
            return true
        }
        return read(next ?? other)
    }

    private mutating func read(_ next: LogSource?) -> Bool {
        guard let next else { return false }
        source = next
        window = LogWindow()
        isFinal = false
        misses = 0
        return true
    }
}
