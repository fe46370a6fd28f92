import Glibc
import SystemPackage
import Testing

@testable import Archive

@Suite struct TarSplitTests {
    @Test(arguments: [
        ("", 0 as UInt64), ("x", 0x2310_0000_0000_0000), ("hi\n", 0x6149_9810_0000_0000),
        ("123456789", 0xb909_56c7_75a4_1001),
    ])
    func sums(_ text: String, _ expected: UInt64) {
        var sum = CRC64()
        Array(text.utf8).withUnsafeBytes { sum.update($0) }
        #expect(sum.value == expected)
    }

    @Test func sumsOfLongRunsDoNotDependOnPieces() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7919) }
        var whole = CRC64()
        bytes.withUnsafeBytes { whole.update($0) }
        var pieces = CRC64()
        for byte in bytes { [byte].withUnsafeBytes { pieces.update($0) } }
        #expect(whole.value == pieces.value)
    }

    @Test func writesWhatTheReferenceLibraryWrites() throws {
        var tar = TarBytes()
        tar.add("d/", type: "5", mode: 0o755)
        tar.add("d/a", content: Array("hi\n".utf8))
        let record = String(decoding: try split(tar.ended), as: UTF8.self)
        let lines = record.split(separator: "\n")
        #expect(record.utf8.count == 3645)
        #expect(lines[1] == #"{"type":1,"name":"d/","payload":null,"position":1}"#)
        #expect(lines[3] == #"{"type":1,"name":"d/a","size":3,"payload":"YUmYEAAAAAA=","position":3}"#)
    }

    @Test func escapesNamesAsGoDoes() throws {
        var tar = TarBytes()
        tar.add("a<&>")
        tar.addRecords([("path", [0x63, 0x61, 0x66, 0xe9])])
        tar.add("short")
        let lines = String(decoding: try split(tar.ended), as: UTF8.self).split(separator: "\n")
        #expect(lines[1].contains(#""name":"a\u003c\u0026\u003e""#))
        #expect(lines[3].contains(#""name_raw":"Y2Fm6Q==""#))
    }

    @Test(arguments: ["gnu", "pax", "ustar", "oldgnu"])
    func makesTheSameTarAgain(_ format: String) throws {
        let scratch = try Scratch()
        scratch.run(
            "mkdir -p t/d && cd t && echo hi > d/a && ln d/a d/b && ln -s a d/l && mkfifo p && : > empty && truncate -s 1M s && echo x >> s && head -c 700000 /dev/urandom > big && touch $'new\\nline'"
        )
        if format == "gnu" || format == "pax" {
            scratch.run("cd t && n=$(printf 'n%.0s' $(seq 200)) && mkdir -p $n/$n && echo deep > $n/$n/f")
        }
        #expect(
            scratch.run("tar --format=\(format) \(format == "ustar" ? "" : "-S") -cf t.tar -C t .")
                == 0
        )
        let tar = try scratch.bytes("t.tar")
        let record = try split(tar)
        let root = scratch.folder("out")
        try unpack(tar, root)
        #expect(try assemble(record, root) == tar)
        try #expect(scratch.bytes("out/big") == scratch.bytes("t/big"))
        try #expect(scratch.bytes("out/s") == scratch.bytes("t/s"))
    }

    @Test func keepsWhatHasNoFile() throws {
        var tar = TarBytes()
        tar.add("pax_global_header", type: "g", content: Array("18 comment=abcdef\n".utf8))
        tar.add("a", content: [1, 2, 3])
        tar.add("./a", content: [1, 2, 3])
        tar.add(".wh.gone", content: [9])
        let bytes = tar.ended + [UInt8](repeating: 7, count: 3000)
        let scratch = try Scratch()
        let root = scratch.folder("out")
        var files = TarBytes()
        files.add("a", content: [1, 2, 3])
        try unpack(files.ended, root)
        #expect(try assemble(split(bytes), root) == bytes)
        #expect(try assemble(split(tar.bytes), root) == tar.bytes)
    }

    @Test func refusesTruncatedTars() throws {
        var tar = TarBytes()
        tar.add("a", content: [UInt8](repeating: 1, count: 600))
        #expect(throws: ArchiveError.truncated) { try split(Array(tar.bytes.prefix(1000))) }
        #expect(throws: ArchiveError.truncated) { try split(Array(tar.bytes.prefix(100))) }
    }

    @Test func noticesAChangedFileAndLeavesTheHostAlone() throws {
        var tar = TarBytes()
        tar.add("etc/hostname", content: Array("mine".utf8))
        let scratch = try Scratch()
        let root = scratch.folder("out")
        let record = try split(tar.ended)
        scratch.run("ln -s /etc out/etc")
        #expect(throws: (any Error).self) { try assemble(record, root) }
        scratch.run("rm out/etc && mkdir out/etc && printf nine > out/etc/hostname")
        #expect(throws: ArchiveError.changedFile(name: "etc/hostname")) { try assemble(record, root) }
        scratch.run("rm out/etc/hostname && mkfifo out/etc/hostname")
        #expect(throws: ArchiveError.changedFile(name: "etc/hostname")) { try assemble(record, root) }
    }

    @Test func readsForeignRecords() throws {
        var reader = RecordReader(
            BufferSource(
                Array(
                    #" {"position":3, "x":{"y":["}",1]} ,"type":1,"name":"\u00e9\ud83d\ude00\"","size":2,"payload":"AAA="}{"type":2,"payload":""}"#
                        .utf8
                )
            )
        )
        #expect(try reader.next() == .file(name: Array("é😀\"".utf8), size: 2, sum: [0, 0]))
        #expect(try reader.next() == .segment([]))
        #expect(try reader.next() == nil)
    }

    @Test func gzipsAsDockerDoes() throws {
        let sink = BufferSink()
        let gzip = GzipSink(sink)
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        try gzip.write(bytes)
        try gzip.finish()
        #expect(sink.bytes.prefix(10) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
        #expect(try GunzipSource(BufferSource(sink.bytes + sink.bytes)).readAll(limit: 1 << 20) == bytes + bytes)
        #expect(throws: ArchiveError.truncated) {
            try GunzipSource(BufferSource(Array(sink.bytes.dropLast(20)))).readAll(limit: 1 << 20)
        }
    }
}
