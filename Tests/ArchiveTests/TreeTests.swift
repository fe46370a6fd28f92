import Glibc
import SystemPackage
import Testing

@testable import Archive

/// A tree with one of everything.
private let everything = """
    mkdir -p d/sub && echo hi > d/a && ln d/a d/b && ln -s a d/l && ln -s /nowhere/x dangling && mkfifo p
    mknod c c 1 3 && mknod b b 7 0 && truncate -s 3M holes && printf x | dd of=holes bs=1 seek=1000000 conv=notrunc
    cp /bin/true suid && chown 1:2 suid && chmod 6755 suid && setcap cap_net_raw+ep d/a; setfattr -n user.k -v v d/sub
    setfattr -n user.k -v w d/a; chmod 1777 d/sub; chown -h 5:6 d/l; touch -d '2001-02-03 04:05:06.789012345' d/a d/sub
    printf 'n' > "$(printf 'caf\\351')"; printf n > "$(printf 'e\\314\\201')"; printf n > $'new\\nline'
    setfacl -m u:7:rwx d/sub; touch -h -d '1999-01-01 00:00:00.5' d/l; touch -d '2002-01-01 01:01:01.25' d
    """

@Suite struct TreeTests {
    private func made() throws -> Scratch {
        let scratch = try Scratch()
        _ = scratch.folder("t")
        scratch.run("cd t && \(everything)")
        return scratch
    }

    @Test func copiesEverything() throws {
        let scratch = try made()
        scratch.run(
            "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"t/sock\")'; touch -d @5 t; mkdir -p dev && mount -t tmpfs none dev; cp t/d/a dev"
        )
        defer { scratch.run("umount dev") }
        try copyTree(scratch.path.appending("t"), to: scratch.path.appending("copy"))
        try #expect(scratch.listing("copy") == scratch.listing("t"))
        #expect(scratch.run("test $(stat -c %b copy/holes) -le 64 && test $(stat -c %Y copy) = 5") == 0)
        #expect(try compareTrees(scratch.path.appending("copy"), scratch.path.appending("t")).isEmpty)
        try #expect(diskUsage(of: scratch.path.appending("copy")) == diskUsage(of: scratch.path.appending("t")))
    }

    @Test(arguments: [WhiteoutStyle.overlay, .aufs, .applied])
    func writesAndUnpacksEverything(_ style: WhiteoutStyle) throws {
        let scratch = try made()
        let tree = scratch.path.appending("t")
        let (flat, layer) = (BufferSink(), BufferSink())
        try writeTree(tree, to: flat)
        try writeLayer(changes: compareTrees(tree, nil), of: tree, to: layer)
        try unpack(flat.bytes, scratch.folder("flat"), style)
        try unpack(layer.bytes, scratch.folder("layer"), style)
        try #expect(scratch.listing("flat") == scratch.listing("t"))
        try #expect(scratch.listing("layer") == scratch.listing("t"))
        #expect(scratch.run("test -e \"flat/$(printf 'caf\\351')\" && test -e \"flat/$(printf 'e\\314\\201')\"") == 0)
        try #expect(assemble(split(flat.bytes), scratch.path.appending("flat")) == flat.bytes)
    }

    @Test func listsExactlyWhatChanged() throws {
        let scratch = try made()
        scratch.run(
            "cp -a t n && cd n && echo more >> d/a && rm p && rm -r d/sub && mkdir new && echo 1 > new/f && chmod 600 c && rm dangling && mkdir dangling && setfattr -n user.z -v 1 suid && touch -d '2001-02-03 04:05:06' holes && cp -p holes ../t/holes"
        )
        scratch.run("rm t/c; mknod t/c c 1 3")
        let changes = try compareTrees(scratch.path.appending("n"), scratch.path.appending("t"))
        let lines = changes.map { "\("CAD".dropFirst($0.kind.rawValue).prefix(1)) \($0.path)" }
        #expect(
            lines == [
                "C /c", "C /d", "C /d/a", "C /d/b", "D /d/sub", "C /dangling", "A /new", "A /new/f", "D /p", "C /suid",
            ]
        )
        let layer = BufferSink()
        try writeLayer(changes: changes, of: scratch.path.appending("n"), to: layer)
        try unpack(layer.bytes, scratch.path.appending("t"), .applied)
        #expect(try compareTrees(scratch.path.appending("n"), scratch.path.appending("t")).isEmpty)
    }

    @Test func timesWithoutNanosecondsEqualTheirSecond() throws {
        let scratch = try Scratch()
        scratch.run("mkdir a b && echo x > a/f && echo x > b/f && touch -d @100.5 a/f && touch -d @100 b/f")
        #expect(try compareTrees(scratch.path.appending("a"), scratch.path.appending("b")).isEmpty)
        scratch.run("touch -d @100.25 b/f")
        #expect(try compareTrees(scratch.path.appending("a"), scratch.path.appending("b")).map(\.path) == ["/f"])
    }

    @Test func translatesOverlaysWhiteouts() throws {
        let scratch = try Scratch()
        var tar = TarBytes()
        tar.add(".wh.gone")
        tar.add("o/", type: "5", mode: 0o755)
        tar.add("o/.wh..wh..opq")
        tar.add("o/f", content: [1])
        tar.add("o/s/", type: "5", mode: 0o755)
        tar.add("o/s/.wh.w")
        let bytes = tar.ended
        try unpack(bytes, scratch.folder("aufs"), .aufs)
        #expect(
            scratch.run(
                "test -f aufs/.wh.gone && test -f aufs/o/.wh..wh..opq && test -f aufs/o/s/.wh.w && test ! -e aufs/gone"
            ) == 0
        )
        try unpack(bytes, scratch.folder("again"), .overlay)
        #expect(
            scratch.run("test -c again/gone && test -c again/o/s/w && getfattr -n trusted.overlay.opaque again/o") == 0
        )
        scratch.run("mkdir -p full/o/old full/o/s && echo 1 > full/gone && echo 1 > full/o/s/w && echo 1 > full/keep")
        try unpack(bytes, scratch.path.appending("full"), .applied)
        #expect(
            scratch.run(
                "test ! -e full/gone && test ! -e full/o/old && test ! -e full/o/s/w && test -f full/o/f && test -f full/keep"
            ) == 0
        )
    }

    @Test func whiteoutsAndNewFilesInOneLayerInAnyOrder() throws {
        for markerFirst in [true, false] {
            var tar = TarBytes()
            tar.add("d/", type: "5", mode: 0o755)
            if markerFirst { tar.add("d/.wh..wh..opq") }
            if markerFirst { tar.add(".wh.e") }
            tar.add("d/new", content: [1])
            tar.add("e/", type: "5", mode: 0o755)
            tar.add("e/new", content: [1])
            if !markerFirst { tar.add("d/.wh..wh..opq") }
            if !markerFirst { tar.add(".wh.e") }
            let scratch = try Scratch()
            try unpack(tar.ended, scratch.folder("o"), .overlay)
            #expect(
                scratch.run(
                    "test -f o/d/new && test -f o/e/new && getfattr -n trusted.overlay.opaque o/d o/e | grep -c opaque | grep -qx 2"
                ) == 0
            )
            scratch.run("mkdir -p a/d/old a/e/old")
            try unpack(tar.ended, scratch.path.appending("a"), .applied)
            #expect(scratch.run("test -f a/d/new && test -f a/e/new && test ! -e a/d/old && test ! -e a/e/old") == 0)
        }
    }

    @Test func laterMembersReplaceEarlierOnes() throws {
        let scratch = try Scratch()
        var tar = TarBytes()
        tar.add("x", content: [1])
        tar.add("x/", type: "5", mode: 0o755)
        tar.add("x/f", content: [2, 2])
        tar.add("x/f", content: [3])
        tar.add("y/z", content: [4])
        tar.add("y", content: [5])
        #expect(try unpack(tar.ended, scratch.folder("o")) >= 2)
        #expect(try scratch.bytes("o/x/f") == [3])
        #expect(try scratch.bytes("o/y") == [5])
    }

    @Test func writesAndReadsGeneralTars() throws {
        let sink = BufferSink()
        let writer = try TarWriter(sink)
        try writer.addFolder("blobs")
        try writer.addFile("blobs/a", [1, 2, 3], modified: 5)
        try writer.addSymbolicLink("l", to: "blobs/a")
        #expect(throws: ArchiveError.self) { try writer.addFile("short", size: 3) { try $0.write([1]) } }
        try writer.finish()
        let reader = try TarReader(BufferSource(sink.bytes), limits: ArchiveLimits())
        #expect(try reader.next()?.kind == .folder)
        #expect(try reader.next() == TarMember(name: "blobs/a", kind: .file, size: 3, target: "", mode: 0o644))
        #expect(try reader.payload.readAll(limit: 10) == [1, 2, 3])
        #expect(try reader.next()?.target == "blobs/a")
    }
}
