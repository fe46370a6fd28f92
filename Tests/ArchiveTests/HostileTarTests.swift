import Glibc
import SystemPackage
import Testing

@testable import Archive

/// Each tar tries to reach `outside`, next to the folder it is unpacked in; refused or contained, that stays as it was.
@Suite struct HostileTarTests {
    private func attack(_ style: WhiteoutStyle = .overlay, _ build: (inout TarBytes, String) -> Void) throws -> (
        any Error
    )? {
        let scratch = try Scratch()
        _ = scratch.folder("outside")
        scratch.run("echo safe > outside/sentinel && touch -d @1 outside/sentinel outside")
        let before = try scratch.listing("outside")
        let root = scratch.folder("root")
        var tar = TarBytes()
        build(&tar, scratch.path.string)
        var failure: (any Error)?
        do { try unpack(tar.ended, root, style) } catch { failure = error }
        #expect(try scratch.listing("outside") == before)
        #expect(try scratch.text("outside/sentinel") == "safe\n")
        return failure
    }

    @Test func parentComponents() throws {
        for name in ["../outside/sentinel", "a/../../outside/sentinel", "/../outside/x"] {
            let failure = try attack { tar, _ in tar.add(name, content: [1]) }
            #expect(failure as? ArchiveError == .escapes(member: name))
        }
    }

    @Test func absoluteNamesStayInside() throws {
        #expect(try attack { tar, path in tar.add("\(path)/outside/sentinel", content: [1]) } == nil)
    }

    @Test(arguments: ["../outside", "ABS/outside", "../../../../../../../../../var/tmp"])
    func linksAsFolders(_ target: String) throws {
        _ = try attack { tar, path in
            tar.add("l", type: "2", link: target.hasPrefix("ABS") ? path + "/outside" : target)
            tar.add("l/sentinel", content: [1])
            tar.add("l/", type: "5", mode: 0o777)
        }
    }

    @Test func writingThroughALastLink() throws {
        let failure = try attack { tar, path in
            tar.add("l", type: "2", link: "\(path)/outside/sentinel")
            tar.add("l", content: [1])
        }
        #expect(failure == nil)
    }

    @Test func hardLinksOut() throws {
        for target in ["../outside/sentinel", "/etc/passwd", "nothing", "."] {
            #expect(try attack { tar, _ in tar.add("h", type: "1", link: target) } is ArchiveError)
        }
        let through = try attack { tar, path in
            tar.add("l", type: "2", link: "\(path)/outside")
            tar.add("h", type: "1", link: "l/sentinel")
            tar.add("h", content: [1])
        }
        #expect(through is ArchiveError)
    }

    @Test(arguments: [WhiteoutStyle.overlay, .applied], [".wh.", ".wh..", ".wh...", "d/.wh..."])
    func senselessWhiteouts(_ style: WhiteoutStyle, _ name: String) throws {
        #expect(try attack(style) { tar, _ in tar.add(name) } as? ArchiveError == .invalidWhiteout(member: name))
    }

    @Test func whiteoutsThroughLinks() throws {
        let failure = try attack(.applied) { tar, path in
            tar.add("l", type: "2", link: "\(path)/outside")
            tar.add("l/.wh.sentinel")
            tar.add("l/.wh..wh..opq")
        }
        #expect(failure == nil)
    }

    @Test func devicesOverFilesAreNotWrittenTo() throws {
        let failure = try attack { tar, _ in
            tar.add("f", content: [1])
            tar.add("f", type: "3")
            tar.add("f", content: [2])
        }
        #expect(failure == nil)
    }

    @Test func overlaysOwnAttributesAreDropped() throws {
        let scratch = try Scratch()
        var tar = TarBytes()
        tar.addRecords([
            ("SCHILY.xattr.trusted.overlay.redirect", Array("/x".utf8)), ("SCHILY.xattr.user.kept", Array("1".utf8)),
        ])
        tar.add("d/", type: "5", mode: 0o755)
        try unpack(tar.ended, scratch.folder("root"))
        #expect(scratch.run("getfattr -n user.kept root/d") == 0)
        #expect(scratch.run("getfattr -n trusted.overlay.redirect root/d") != 0)
    }

    @Test func limits() throws {
        let scratch = try Scratch()
        var tar = TarBytes()
        tar.add("a/b/c", content: [1, 2, 3])
        tar.add("d", content: [1])
        var limits = ArchiveLimits()
        func refusal(_ change: (inout ArchiveLimits) -> Void) -> ArchiveError? {
            limits = ArchiveLimits()
            change(&limits)
            do { try unpack(tar.ended, scratch.folder("x"), .overlay, limits) } catch { return error as? ArchiveError }
            return nil
        }
        #expect(refusal { $0.entries = 1 } == .tooManyEntries(limit: 1))
        #expect(refusal { $0.depth = 2 } == .tooDeep(member: "a/b/c", limit: 2))
        #expect(refusal { $0.nameLength = 0 } == .nameTooLong(member: "a/b/c", limit: 0))
        #expect(refusal { $0.expandedBytes = 3 } == .tooLarge(limit: 3))
        #expect(refusal { _ in } == nil)
    }

    @Test(arguments: ["gzip -1", "xz -1", "zstd", "bzip2", "cat"])
    func decompressionAndBombs(_ tool: String) throws {
        let scratch = try Scratch()
        scratch.run("head -c 80000000 /dev/zero > zeros && \(tool) < zeros > packed")
        var limits = ArchiveLimits()
        limits.ratio = 1 << 20
        let whole = try Decompressor(FileSource(opening: scratch.path.appending("packed")), limits: limits)
        #expect(try whole.readAll(limit: 1 << 27).count == 80_000_000)
        limits.expandedBytes = 1 << 20
        let large = try Decompressor(FileSource(opening: scratch.path.appending("packed")), limits: limits)
        #expect(throws: ArchiveError.tooLarge(limit: 1 << 20)) { try large.readAll(limit: 1 << 27) }
        guard tool != "cat" else { return }
        limits = ArchiveLimits()
        limits.ratio = 10
        let bomb = try Decompressor(FileSource(opening: scratch.path.appending("packed")), limits: limits)
        #expect(throws: ArchiveError.bomb(ratio: 10)) { try bomb.readAll(limit: 1 << 27) }
        scratch.run("head -c 40 packed > cut")
        #expect(throws: (any Error).self) {
            try Decompressor(FileSource(opening: scratch.path.appending("cut")), limits: ArchiveLimits()).readAll(
                limit: 1 << 27
            )
        }
    }

    @Test func noTar() throws {
        let scratch = try Scratch()
        #expect(throws: ArchiveError.self) { try unpack(Array("this is no tar".utf8), scratch.folder("root")) }
        try unpack([], scratch.folder("root"))
        try unpack([UInt8](repeating: 0, count: 1024), scratch.folder("root"))
    }
}
