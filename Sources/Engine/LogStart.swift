import OCI
import RuntimeProtocol

/// Where in a log a client begins: it is not read from its start for that.
struct LogStart {
    /// Nil: there is no file yet.
    private(set) var source: LogSource?
    private(set) var offset: Int64 = 0
    /// Records to step over from there.
    private(set) var skipped = 0

    init(_ files: LogFiles, _ format: LogTarget.Format, _ query: LogQuery) {
        if let tail = query.tail {
            seek(last: tail, files, format)
        } else if let since = query.since {
            seek(since: since, files, format)
        } else {
            source = files.openOldest()
        }
    }

    // MARK: The last lines

    private mutating func seek(last count: Int, _ files: LogFiles, _ format: LogTarget.Format) {
        var missing = count
        for number in files.numbers {
            guard let file = files.open(number) else { continue }
            if let source, Self.isSame(source, file) { continue }
            source = file
            let place =
                try? file.isCompressed
                ? Self.end(of: file, format, missing: &missing) : LogTail.offset(ofLast: &missing, in: file, format)
            guard let place else { continue }
            if file.isCompressed {
                skipped = Int(place)
                file.rewind()
            } else {
                offset = place
            }
            return
        }
        // There are fewer: all of them.
        source = files.openOldest()
    }

    /// Whether a rotation in between gave the one that was counted that number.
    private static func isSame(_ counted: LogSource, _ file: LogSource) -> Bool {
        counted.inode == file.inode || counted.isDeleted && file.origin == counted.inode
    }

    /// How many records of a compressed file come before the last `missing`; nil where it has fewer.
    private static func end(
        of file: LogSource,
        _ format: LogTarget.Format,
        missing: inout Int
    ) throws -> Int64? {
        var window = LogWindow()
        var count = 0
        repeat {
            while window.next(format) != nil { count += 1 }
        } while try window.fill(from: file)
        guard count < missing else { return Int64(count - missing) }
        missing -= count
        return nil
    }

    // MARK: A moment

    /// The newest file that begins before it, and in that the last place that is before it.
    private mutating func seek(since: Timestamp, _ files: LogFiles, _ format: LogTarget.Format) {
        for number in files.numbers {
            guard let file = files.open(number) else { continue }
            var window = LogWindow()
            guard let first = try? window.firstTime(from: file, format), first < since else { continue }
            offset = file.isCompressed || format == .local ? 0 : Self.search(since, in: file)
            if file.isCompressed { file.rewind() }
            source = file
            return
        }
        source = files.openOldest()
    }

    /// Halves what is left of the file as long as that is shorter than reading it.
    ///
    /// Not for `local`: there, what the container says could look like an entry.
    private static func search(_ since: Timestamp, in file: LogSource) -> Int64 {
        var (low, high) = (Int64(0), file.size)
        while high - low > 1 << 18 {
            let middle = low + (high - low) / 2
            var window = LogWindow(at: middle)
            // What is left of the line that was hit is no entry, or one that is before the next.
            guard let (time, place) = try? window.nextTime(from: file, within: high) else {
                high = middle
                continue
            }
            if time < since { low = place } else { high = middle }
        }
        return low
    }
}

extension LogWindow {
    /// When the first entry was written; nil where there is none.
    fileprivate mutating func firstTime(from file: LogSource, _ format: LogTarget.Format) throws -> Timestamp? {
        var entry = LogEntry()
        repeat {
            while let record = next(format) {
                if read(record, format, into: &entry) { return entry.time }
            }
        } while try fill(from: file)
        return nil
    }

    /// When the first entry behind the next line's end was written, and where it begins; nil where none begins before `end`.
    fileprivate mutating func nextTime(from file: LogSource, within end: Int64) throws -> (Timestamp, Int64)? {
        var entry = LogEntry()
        var isAtStart = false
        repeat {
            var place = position
            while place < end, let record = next(.jsonFile) {
                if isAtStart, read(record, .jsonFile, into: &entry) { return (entry.time, place) }
                isAtStart = true
                place = position
            }
        } while try position < end && fill(from: file)
        return nil
    }
}
