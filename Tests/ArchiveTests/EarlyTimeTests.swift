import SystemPackage
import Testing

@testable import Archive

/// Times before 1970, with GNU tar as the other side.
@Suite struct EarlyTimeTests {
    private static let times = ["-1", "-1.5", "-2.000000001", "-1234567890.999999999", "-86400.25"]

    private func filled() throws -> Scratch {
        let scratch = try Scratch()
        for (number, time) in Self.times.enumerated() {
            #expect(scratch.run("mkdir -p old && touch -d @\(time) old/f\(number)") == 0)
        }
        return scratch
    }

    @Test func whatTarWrote() throws {
        let scratch = try filled()
        #expect(scratch.run("tar --format=pax -C old -cf tar .") == 0)
        try unpack(scratch.bytes("tar"), scratch.folder("new"))
        #expect(try scratch.listing("new") == scratch.listing("old"))
    }

    @Test func whatTarReads() throws {
        let scratch = try filled()
        try writeTree(scratch.path.appending("old"), to: FileSink(creating: scratch.path.appending("tar")))
        #expect(scratch.run("mkdir new && tar -C new -xpf tar") == 0)
        #expect(try scratch.listing("new") == scratch.listing("old"))
    }

    /// libarchive has one sign for seconds and fraction, so the fraction of the last second before 1970 is left out.
    @Test func lastSecond() throws {
        let scratch = try Scratch()
        scratch.run("mkdir old && touch -d @-0.25 old/f")
        try writeTree(scratch.path.appending("old"), to: FileSink(creating: scratch.path.appending("tar")))
        #expect(scratch.run("mkdir new && tar -C new -xpf tar && [ $(stat -c %.3Y new/f) = -1.000 ]") == 0)
    }
}
