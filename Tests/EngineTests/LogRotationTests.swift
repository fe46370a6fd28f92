import Glibc
import Linux
import SystemPackage
import Testing

@testable import Engine

/// A reader beside a writer that rotates, as fast as both can.
struct LogRotationTests {
    /// The writer gives the reader a moment at each rotation: all lines must come, each once.
    @Test func readsEachLineOnce() throws {
        try withLog { log in
            let count = 2000
            let writer = try OSThread {
                for number in 0..<count {
                    let entry = #"{"log":"\#(number)\n","stream":"stdout","time":"2026-11-21T02:26:27Z"}"# + "\n"
                    // A failure here shows as missing lines.
                    if number % 50 == 49 {
                        usleep(1000)
                        try? log.rotate()
                    }
                    try? log.write([entry])
                }
            }
            let reader = LogReader(log.path, LogQuery(), framed: false)
            var text: [UInt8] = []
            for _ in 0..<100_000 where !text.hasSuffix("\(count - 1)\n") {
                if let bytes = try reader.next() { text += bytes } else { usleep(20) }
            }
            writer.join()
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
            #expect(lines.count == count)
            let isInOrder = lines.elementsEqual(0..<count)
            #expect(isInOrder)
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
