import Glibc
import Linux
import RuntimeProtocol
import Synchronization
import SystemPackage
import Testing

@testable import Engine

/// A reader beside a writer that rotates, as fast as both can.
struct LogRotationTests {
    /// The writer gives the reader a moment at each rotation: all lines must come, each once.
    @Test(arguments: [false, true])
    func readsEachLineOnce(compresses: Bool) throws {
        try withLog { log in
            let count = 2000
            let seen = Atomic(0)
            let isWritten = Atomic(false)
            let writer = try OSThread {
                for number in 0..<count {
                    let entry = #"{"log":"\#(number)\n","stream":"stdout","time":"2026-11-21T02:26:27Z"}"# + "\n"
                    // A failure here shows as missing lines.
                    if number % 50 == 49 {
                        // Three files are kept: who is further behind than those misses lines of any log.
                        for _ in 0..<100_000 where number - seen.load(ordering: .relaxed) > 100 { usleep(1000) }
                        usleep(1000)
                        try? log.rotate()
                        if compresses { try? log.compress(1) }
                    }
                    try? log.write([entry])
                }
                isWritten.store(true, ordering: .releasing)
            }
            let reader = LogReader(log.path, .jsonFile, LogQuery(), framed: false)
            var text: [UInt8] = []
            while !text.hasSuffix("\(count - 1)\n") {
                // Asked before: what was written until then is found.
                let isAll = isWritten.load(ordering: .acquiring)
                guard let bytes = try reader.next() else {
                    if isAll { break }
                    usleep(20)
                    continue
                }
                text += bytes
                seen.add(bytes.count { $0 == UInt8(ascii: "\n") }, ordering: .relaxed)
            }
            writer.join()
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
            #expect(lines.count == count)
            let isInOrder = lines.elementsEqual(0..<count)
            #expect(isInOrder)
        }
    }

    /// Something that is there and never opens is passed by.
    @Test(.timeLimit(.minutes(20))) func readsOnPastWhatCannotBeOpened() throws {
        try withLog { log in
            func line(_ text: String) -> String {
                #"{"log":"\#(text)\n","stream":"stdout","time":"2026-11-21T02:26:27Z"}"# + "\n"
            }
            try log.write([line("old")], to: ".2")
            try makeFolders(FilePath("\(log.path).1"), mode: .ownerReadWriteExecute)
            try log.write([line("new")])
            #expect(try log.text() == "old\nnew\n")
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
