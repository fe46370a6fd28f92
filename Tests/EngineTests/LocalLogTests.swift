import Linux
import OCI
import RuntimeProtocol
import SystemPackage
import Testing

@testable import Engine

/// Docker's `local` form, byte for byte as dockerd 20.10 wrote it.
struct LocalLogTests {
    /// `echo hi`, on standard output.
    private static let entry: [UInt8] =
        [0, 0, 0, 0x16, 0x0a, 6] + Array("stdout".utf8)
        + [0x10, 0xf5, 0xbd, 0x89, 0xdf, 0xc8, 0x9f, 0x8f, 0xf5, 0x18, 0x1a, 2] + Array("hi".utf8) + [0, 0, 0, 0x16]

    /// `printf foo`: a part, of a line that goes on.
    private static let part: [UInt8] =
        [0, 0, 0, 0x20, 0x0a, 6] + Array("stderr".utf8)
        + [0x10, 0xf5, 0xbd, 0x89, 0xdf, 0xc8, 0x9f, 0x8f, 0xf5, 0x18, 0x1a, 3] + Array("foo".utf8)
        + [0x20, 1, 0x2a, 5, 0x12, 1, 0x61, 0x18, 1, 0, 0, 0, 0x20]

    @Test func readsWhatDockerWrote() throws {
        try withLog { log in
            try log.write(Self.entry + Self.part)
            var query = LogQuery()
            query.timestamps = true
            #expect(
                try text(log, query) == "2026-11-22T02:27:36.836857589Z hi\n2026-11-22T02:27:36.836857589Z foo"
            )
        }
    }

    @Test(arguments: [(0, ""), (1, "foo"), (2, "hi\nfoo"), (3, "hi\nhi\nfoo"), (9, "hi\nhi\nfoo")])
    func takesTheTail(count: Int, expected: String) throws {
        for torn in [0, 3, 20] {
            try withLog { log in
                try log.write(Self.entry + Self.entry + Self.part + Self.entry.prefix(torn))
                var query = LogQuery()
                query.tail = count
                #expect(try text(log, query) == expected)
            }
        }
    }

    /// What could not be counted from a file's end is counted again from its start, all of it.
    @Test func takesTheTailOverDamage() throws {
        try withLog { log in
            try log.write(Self.entry + Self.part)
            try log.rotate()
            try log.write(Self.entry + [UInt8](repeating: 0xff, count: 8) + Self.entry)
            var query = LogQuery()
            query.tail = 2
            #expect(try text(log, query) == "foohi\n")
        }
    }

    @Test func readsAnEntryWhenItsEndHasCome() throws {
        try withLog { log in
            try log.write(Array(Self.entry.prefix(17)))
            let reader = LogReader(log.path, .local, LogQuery(), framed: false)
            #expect(try reader.next() == nil)
            try log.write(Array(Self.entry.dropFirst(17)))
            #expect(try reader.next() == Array("hi\n".utf8))
        }
    }

    /// Whatever the bytes are, reading ends, and does not end the daemon.
    @Test func survivesDamage() throws {
        for index in Self.part.indices {
            for byte: UInt8 in [0, 0x7f, 0x80, 0xff] {
                try withLog { log in
                    var bytes = Self.part
                    bytes[index] = byte
                    try log.write(Self.entry + bytes + Self.entry)
                    #expect(try text(log, LogQuery()).hasPrefix("hi\n"))
                    var query = LogQuery()
                    query.tail = 2
                    _ = try text(log, query)
                }
            }
        }
    }

    private func text(_ log: LogFolder, _ query: LogQuery) throws -> String {
        let reader = LogReader(log.path, .local, query, framed: false)
        var all: [UInt8] = []
        while let bytes = try reader.next() { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }
}
