import Archive
import Glibc
import Linux
import OCI
import Storage
import SystemPackage
import Testing

/// Archives that want out, or want too much, taken in by a whole store.
///
/// Refused or contained: outside nothing changes, and of what is refused nothing stays.
@Suite struct HostileArchiveTests {
    /// What a store did with an archive; nil: it was taken in.
    private func outcome(_ archive: (String) -> [UInt8], _ driver: TestDriver) throws -> String? {
        let victims = try TestRoot()
        for name in ["file", "other"] {
            try writeFile(Array("safe".utf8), to: victims.path.appending(name), mode: .ownerReadWrite)
        }
        let before = try state(victims.path)
        let kept = try TestRoot.kept { try $0.store(driver) }
        var message: String?
        do { _ = try kept.store.load(BufferSource(archive(victims.path.string))) { _ in } } catch {
            message = "\(error)"
            #expect(kept.store.images().isEmpty)
            #expect(try driver.layers(in: kept.root.path).isEmpty)
        }
        #expect(try state(victims.path) == before)
        #expect(!exists("/etc/varve-was-here") && !exists("/varve-was-here"))
        #expect(try kept.root.problems(driver) == [])
        for image in kept.store.images() {
            _ = try kept.store.removeImage(image.id.description, force: true, prune: true) { _ in .unused }
        }
        #expect(try driver.layers(in: kept.root.path).isEmpty)
        return message
    }

    private func state(_ folder: FilePath) throws -> String {
        try shell("cd \(folder) && find . -printf '%p %y %m %U %n %T@\\n' | sort && cat file other")
    }

    private func outcome(ofLayer fill: (inout TestTar, String) -> Void, _ driver: TestDriver) throws -> String? {
        try outcome(
            { victims in
                var tar = TestTar()
                fill(&tar, victims)
                return TestImage([TestImage.sample().layers[0], tar.finished]).dockerArchive()
            },
            driver
        )
    }

    @Test(
        "names that lead out",
        arguments: ["../x", "a/../../x", "/../../x", "dir/../../../etc/x"],
        TestDriver.allCases
    )
    func parents(_ name: String, _ driver: TestDriver) throws {
        let message = try #require(try outcome(ofLayer: { tar, _ in tar.add(name, "x") }, driver))
        #expect(message.contains("layer1/layer.tar") && message.contains(name))
    }

    @Test("absolute names are names in the layer", arguments: TestDriver.allCases)
    func absolute(_ driver: TestDriver) throws {
        let message = try outcome(
            ofLayer: { tar, victims in
                tar.add("\(victims)/file", "overwritten")
                tar.add("/etc/varve-was-here", "x")
            },
            driver
        )
        #expect(message == nil)
    }

    @Test("links out, written and deleted through", arguments: TestDriver.allCases)
    func links(_ driver: TestDriver) throws {
        _ = try outcome(
            ofLayer: { tar, victims in
                tar.add("out", type: "2", link: victims)
                tar.add("up", type: "2", link: "../../../../../../../../../..\(victims)")
                for link in ["out", "up"] {
                    tar.add("\(link)/file", "overwritten")
                    tar.add("\(link)/new", "made")
                    tar.add("\(link)/.wh.other")
                    tar.add("\(link)/.wh..wh..opq")
                    tar.folder(link, mode: 0o777)
                }
                tar.add("last", type: "2", link: "\(victims)/file")
                tar.add("last", "overwritten")
            },
            driver
        )
    }

    @Test("links that the layer below brought, written through", arguments: TestDriver.allCases)
    func lowerLinks(_ driver: TestDriver) throws {
        _ = try outcome(
            { victims in
                var (one, two) = (TestTar(), TestTar())
                one.add("out", type: "2", link: victims)
                two.add("out/file", "overwritten")
                two.add("out/.wh.other")
                return TestImage([one.finished, two.finished]).dockerArchive()
            },
            driver
        )
    }

    @Test("hard links out", arguments: ["../file", "/etc/passwd", "out/file", "nothing"], TestDriver.allCases)
    func hardLinks(_ target: String, _ driver: TestDriver) throws {
        let message = try outcome(
            ofLayer: { tar, victims in
                tar.add("out", type: "2", link: victims)
                tar.add("hard", type: "1", link: target)
                tar.add("hard", "overwritten")
            },
            driver
        )
        // The layer below has a passwd, and a driver that shows it may link to it.
        if target != "/etc/passwd" { #expect(try #require(message).contains(target)) }
    }

    @Test("whiteouts of what is no name", arguments: [".wh.", ".wh..", ".wh...", "dir/.wh..."], TestDriver.allCases)
    func whiteouts(_ name: String, _ driver: TestDriver) throws {
        #expect(try #require(try outcome(ofLayer: { tar, _ in tar.add(name) }, driver)).contains(name))
    }

    @Test("whiteouts with slashes and links in their way", arguments: TestDriver.allCases)
    func whiteoutPaths(_ driver: TestDriver) throws {
        let refused = try outcome(ofLayer: { tar, _ in tar.add(".wh./../../file") }, driver)
        #expect(refused != nil)
        _ = try outcome(ofLayer: { tar, victims in tar.add(".wh.\(victims)/file") }, driver)
    }

    @Test("devices over files, files over devices, and all of them twice", arguments: TestDriver.allCases)
    func devices(_ driver: TestDriver) throws {
        let message = try outcome(
            ofLayer: { tar, _ in
                tar.add("etc/passwd", type: "4")
                tar.add("etc/passwd", "a file again")
                for type in "034625" as String { tar.add("same", type: type, link: type == "2" ? "/etc" : "") }
                for _ in 0..<50 { tar.add("same", "x") }
            },
            driver
        )
        #expect(message == nil)
    }

    @Test("members that the archive itself has as links out", arguments: ["/etc/passwd", "../../../etc/passwd"])
    func outerLinks(_ target: String) throws {
        for type in ["1", "2"] as [Character] {
            let message = try outcome(
                { _ in
                    var tar = TestTar()
                    tar.add("c.json", type: type, link: target)
                    tar.add("../../varve-was-here", "x")
                    tar.add("/etc/varve-was-here", "x")
                    tar.add("manifest.json", #"[{"Config":"c.json","RepoTags":["a:1"],"Layers":[]}]"#)
                    return tar.finished
                },
                .vfs
            )
            #expect(try #require(message).contains("c.json"))
        }
    }
}
