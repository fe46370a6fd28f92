import OCI
import RuntimeProtocol
import SystemPackage
import Testing

@testable import Engine

/// Logs as the monitor writes them, whole, torn and rotated, on a real file system.
struct LogReaderTests {
    @Test func framesEachLineByItsStream() throws {
        try withLog { log in
            try log.write([line("a\n", 1), line("b\n", 2, stream: "stderr")])
            let bytes = try log.read(LogQuery(), framed: true)
            #expect(
                bytes == [1, 0, 0, 0, 0, 0, 0, 2] + Array("a\n".utf8) + [2, 0, 0, 0, 0, 0, 0, 2] + Array("b\n".utf8)
            )
        }
    }

    @Test func leavesOutTheOtherStream() throws {
        try withLog { log in
            try log.write([line("a\n", 1), line("b\n", 2, stream: "stderr")])
            var query = LogQuery()
            query.stdout = false
            query.stderr = true
            #expect(try log.text(query) == "b\n")
        }
    }

    @Test func unescapesWhatGoEscapes() throws {
        try withLog { log in
            try log.write([line(#"\u003c\t\"\\\u00e9\ud83d\ude00\r\n"#, 1)])
            #expect(try log.text() == "<\t\"\\é😀\r\n")
        }
    }

    @Test func padsTimesToNineDigits() throws {
        try withLog { log in
            try log.write([
                #"{"log":"a\n","stream":"stdout","time":"2026-11-21T02:26:27.3155Z"}"# + "\n",
                #"{"log":"b\n","stream":"stdout","time":"2026-11-21T02:26:28Z"}"# + "\n",
            ])
            var query = LogQuery()
            query.timestamps = true
            #expect(try log.text(query) == "2026-11-21T02:26:27.315500000Z a\n2026-11-21T02:26:28.000000000Z b\n")
        }
    }

    @Test func takesWhatLiesBetweenSinceAndUntil() throws {
        try withLog { log in
            try log.write((0..<10).map { line("\($0)\n", $0) })
            var query = LogQuery()
            query.since = time(3)
            query.until = time(5)
            #expect(try log.text(query) == "3\n4\n5\n")
        }
    }

    @Test func readsRotatedFilesOldestFirst() throws {
        try withLog { log in
            try log.write([line("1\n", 1)], to: ".2")
            try log.write([line("2\n", 2)], to: ".1")
            try log.write([line("3\n", 3)])
            #expect(try log.text() == "1\n2\n3\n")
        }
    }

    @Test(arguments: [(0, ""), (1, "4\n"), (2, "3\n4\n"), (3, "2\n3\n4\n"), (4, "1\n2\n3\n4\n"), (9, "1\n2\n3\n4\n")])
    func takesTheTailOverRotatedFiles(count: Int, expected: String) throws {
        try withLog { log in
            try log.write([line("1\n", 1)], to: ".2")
            try log.write([line("2\n", 2)], to: ".1")
            try log.write([line("3\n", 3), line("4\n", 4)])
            var query = LogQuery()
            query.tail = count
            #expect(try log.text(query) == expected)
        }
    }

    /// The tail is found from the end by blocks: lines must be right where they lie across a block's edge.
    @Test func takesTheTailOfALongFile() throws {
        try withLog { log in
            try log.write((0..<5000).map { line("number \($0)\n", $0) })
            var query = LogQuery()
            query.tail = 3000
            #expect(try log.text(query) == (2000..<5000).map { "number \($0)\n" }.joined())
        }
    }

    @Test func ignoresAnEntryWithoutItsEnd() throws {
        try withLog { log in
            try log.write([line("a\n", 1), String(line("torn\n", 2).dropLast(20))])
            #expect(try log.text() == "a\n")
        }
    }

    @Test func readsAnEntryWhenItsEndHasCome() throws {
        try withLog { log in
            let whole = line("late\n", 1)
            try log.write([String(whole.prefix(20))])
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            #expect(try reader.next() == nil)
            try log.write([String(whole.dropFirst(20))])
            #expect(try reader.next() == Array("late\n".utf8))
        }
    }

    /// A monitor was killed while it wrote; the next one's first entry follows on the same line.
    @Test func findsTheEntryAfterATornOne() throws {
        try withLog { log in
            try log.write([String(line("torn\n", 1).dropLast(20)), line("next\n", 2), line("last\n", 3)])
            #expect(try log.text() == "next\nlast\n")
        }
    }

    @Test func skipsWhatIsNoEntry() throws {
        try withLog { log in
            try log.write([line("a\n", 1), "\0\0\0\0\n", "{}\n", "[1]\n", "\n", line("b\n", 2)])
            #expect(try log.text() == "a\nb\n")
        }
    }

    @Test func joinsTheParts() throws {
        try withLog { log in
            try log.write([line(String(repeating: "x", count: 16384), 1), line("end\n", 2)])
            #expect(try log.text() == String(repeating: "x", count: 16384) + "end\n")
        }
    }

    @Test func isEmptyWithoutAFile() throws {
        try withLog { log in
            let text = try log.text()
            #expect(text.isEmpty)
        }
    }

    @Test func findsAFileThatIsMadeLater() throws {
        try withLog { log in
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            #expect(try reader.next() == nil)
            try log.write([line("a\n", 1)])
            #expect(try reader.next() == Array("a\n".utf8))
        }
    }

    /// What is written while the reader is behind: two rotations, and nothing twice or never.
    @Test func goesOnOverRotations() throws {
        try withLog { log in
            try log.write([line("1\n", 1)])
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            #expect(try drain(reader) == "1\n")
            try log.write([line("2\n", 2)])
            try log.rotate()
            try log.write([line("3\n", 3)])
            try log.rotate()
            try log.write([line("4\n", 4)])
            #expect(try drain(reader) == "2\n3\n4\n")
            try log.rotate()
            #expect(try drain(reader) == "")
            try log.write([line("5\n", 5)])
            #expect(try drain(reader) == "5\n")
        }
    }

    /// With one file only, a rotation begins it anew.
    @Test func goesOnWhereTheFileWasReplaced() throws {
        try withLog { log in
            try log.write([line("1\n", 1)])
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            #expect(try drain(reader) == "1\n")
            try log.remove()
            try log.write([line("2\n", 2)])
            #expect(try drain(reader) == "2\n")
        }
    }

    private func line(_ text: String, _ second: Int, stream: String = "stdout") -> String {
        let text = text.replacing("\n", with: #"\n"#)
        return #"{"log":"\#(text)","stream":"\#(stream)","time":"\#(time(second))"}"# + "\n"
    }

    private func time(_ second: Int) -> Timestamp { Timestamp(seconds: 1_800_000_000 + Int64(second)) }

    private func drain(_ reader: LogReader) throws -> String {
        var all: [UInt8] = []
        while let bytes = try reader.next() { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }
}
