import OCI
import RuntimeProtocol
import SystemPackage
import Testing

@testable import Engine

/// Logs with compressed files, and long ones of which little is wanted.
struct LogFilesTests {
    @Test func readsCompressedFiles() throws {
        try withLog { log in
            try fill(log)
            #expect(try log.text() == "1\n2\n3\n4\n5\n")
        }
    }

    @Test(arguments: 0...6)
    func takesTheTailOverCompressedFiles(count: Int) throws {
        try withLog { log in
            try fill(log)
            var query = LogQuery()
            query.tail = count
            #expect(try log.text(query) == (1...5).suffix(count).map { "\($0)\n" }.joined())
        }
    }

    @Test(arguments: 1...6)
    func findsAMoment(second: Int) throws {
        try withLog { log in
            try fill(log)
            var query = LogQuery()
            query.since = LogLine.time(second)
            #expect(try log.text(query) == (1...5).filter { $0 >= second }.map { "\($0)\n" }.joined())
        }
    }

    /// Halving must find the same as reading all of it, wherever the moment is.
    @Test(arguments: [0, 1, 2, 4999, 5000, 5001, 19_998, 19_999, 20_000])
    func findsAMomentInALongFile(second: Int) throws {
        try withLog { log in
            let text = { (number: Int) in "\(number) " + String(repeating: "x", count: number * 7 % 300) + "\n" }
            try log.write((0..<20_000).map { LogLine.json(text($0), $0) })
            var query = LogQuery()
            query.since = LogLine.time(second)
            let wanted = (0..<20_000).filter { $0 >= second }.map(text).joined()
            let isWhole = try log.text(query) == wanted
            #expect(isWhole)
        }
    }

    /// The file that was being read is rotated and compressed under the reader.
    @Test func goesOnWhereAFileWasCompressed() throws {
        try withLog { log in
            try log.write([LogLine.json("1\n", 1)])
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            #expect(try reader.next() == Array("1\n".utf8))
            try log.write([LogLine.json("2\n", 2)])
            for number in 3...4 {
                try log.rotate()
                try log.compress(1)
                try log.write([LogLine.json("\(number)\n", number)])
            }
            var text: [UInt8] = []
            while let bytes = try reader.next() { text += bytes }
            #expect(String(decoding: text, as: UTF8.self) == "2\n3\n4\n")
        }
    }

    /// A monitor was killed while it renamed.
    @Test func readsOnOverAMissingNumber() throws {
        try withLog { log in
            try log.write([LogLine.json("1\n", 1)], to: ".3")
            try log.write([LogLine.json("2\n", 2)], to: ".1")
            try log.write([LogLine.json("3\n", 3)])
            #expect(try log.text() == "1\n2\n3\n")
        }
    }

    /// A monitor's successor cuts off what its predecessor had not finished; a reader may have seen that.
    @Test func forgetsWhatIsCutOff() throws {
        try withLog { log in
            try log.write([LogLine.json("1\n", 1), #"{"log":"tor"#])
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            #expect(try reader.next() == Array("1\n".utf8))
            #expect(try reader.next() == nil)
            try log.cut(by: #"{"log":"tor"#.utf8.count)
            try log.write([LogLine.json("a line that is longer than what was there\n", 2)])
            #expect(try reader.next() == Array("a line that is longer than what was there\n".utf8))
        }
    }

    @Test func showsAttributes() throws {
        try withLog { log in
            let noted = #","attrs":{"b":"x y/ä","a":"1"}"#
            try log.write([LogLine.json("1\n", 1, more: noted), LogLine.json("2\n", 2)])
            var query = LogQuery()
            query.details = true
            #expect(try log.text(query) == "a=1,b=x+y%2F%C3%A4 1\n 2\n")
        }
    }

    private func fill(_ log: LogFolder) throws {
        for number in 1...2 {
            try log.write([
                LogLine.json("\(2 * number - 1)\n", 2 * number - 1), LogLine.json("\(2 * number)\n", 2 * number),
            ])
            try log.rotate()
            try log.compress(1)
        }
        try log.write([LogLine.json("5\n", 5)])
    }
}

/// An entry as the monitor writes it.
enum LogLine {
    static func json(_ text: String, _ second: Int, more: String = "") -> String {
        let text = text.replacing("\n", with: #"\n"#)
        return #"{"log":"\#(text)","stream":"stdout"\#(more),"time":"\#(time(second))"}"# + "\n"
    }

    static func time(_ second: Int) -> Timestamp { Timestamp(seconds: 1_800_000_000 + Int64(second)) }
}
