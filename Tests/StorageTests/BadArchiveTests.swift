import Archive
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@Suite struct BadArchiveTests {
    /// Loads what must be refused; nothing of it may stay.
    private func refused(_ archive: [UInt8], _ driver: TestDriver = .overlay2) throws -> String {
        let kept = try TestRoot.kept { try $0.store(driver) }
        var message = ""
        do { _ = try kept.store.load(BufferSource(archive)) { _ in } } catch { message = "\(error)" }
        #expect(kept.store.images().isEmpty)
        #expect(try driver.layers(in: kept.root.path).isEmpty)
        #expect(try listFolder(kept.root.layerdb(driver).appending("sha256")).isEmpty)
        #expect(try kept.root.problems(driver) == [])
        return message
    }

    @Test("a layer that is not what the configuration says", arguments: TestDriver.allCases)
    func wrongDigest(_ driver: TestDriver) throws {
        let sample = TestImage.sample()
        var lies = sample.diffs.map(\.description)
        lies[2] = "sha256:" + String(repeating: "0", count: 64)
        let message = try refused(TestImage(sample.layers, diffs: lies).dockerArchive(), driver)
        #expect(message.contains("layer2/layer.tar"))
        #expect(message.contains("invalid diffID for layer 2: expected \"\(lies[2])\", got \"\(sample.diffs[2])\""))
    }

    @Test("a layer that is no tar", arguments: TestDriver.allCases)
    func noTar(_ driver: TestDriver) throws {
        let noise = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 + 7) }
        let message = try refused(TestImage([TestImage.sample().layers[0], noise]).dockerArchive(), driver)
        #expect(message.contains("layer1/layer.tar"))
    }

    @Test("a layer that is cut off")
    func cut() throws {
        let layer = TestImage.sample().layers[1]
        let message = try refused(TestImage([Array(layer.prefix(2048))]).dockerArchive())
        #expect(message.contains("layer0/layer.tar"))
    }

    @Test("a table that names what is not there")
    func missing() throws {
        var tar = TestTar()
        tar.add("manifest.json", #"[{"Config":"../../etc/passwd","RepoTags":null,"Layers":[]}]"#)
        #expect(try refused(tar.finished).contains("it names ../../etc/passwd, which is not in the archive"))
    }

    @Test("no archive of images at all")
    func foreign() throws {
        var tar = TestTar()
        tar.add("etc/passwd", "x")
        #expect(try refused(tar.finished).contains("use import"))
        #expect(try !refused(Array("no tar".utf8)).isEmpty)
        #expect(try !refused([]).isEmpty)
    }

    @Test("a configuration that is none", arguments: ["", "{}", "[]", #"{"rootfs":{"diff_ids":["x"]}}"#])
    func badConfig(_ config: String) throws {
        var tar = TestTar()
        tar.add("c.json", config)
        tar.add("manifest.json", #"[{"Config":"c.json","RepoTags":["a:1"],"Layers":[]}]"#)
        #expect(try !refused(tar.finished).isEmpty)
    }

    @Test("an image of 128 layers")
    func tooDeep() throws {
        let layer = TestImage.sample().layers[0]
        #expect(
            try refused(TestImage(Array(repeating: layer, count: 128)).dockerArchive()).contains("max depth exceeded")
        )
    }

    @Test("an archive that is cut off anywhere")
    func truncated() throws {
        let archive = TestImage.sample().dockerArchive()
        for length in stride(from: 700, to: archive.count - 1500, by: archive.count / 7) {
            #expect(try !refused(Array(archive.prefix(length))).isEmpty, "\(length)")
        }
    }

    @Test("an OCI blob that is not what its name says")
    func wrongBlob() throws {
        let sample = TestImage.sample()
        let kept = try TestRoot.kept { try $0.store(.vfs) }
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        let saved = BufferSink()
        try kept.store.save(["test:1"], to: saved)
        // Without Docker's table it is a plain OCI archive; one byte of a layer's content differs.
        let bytes = saved.bytes
        let table = try #require(bytes.firstRange(of: Array("manifest.json".utf8)))
        var changed = bytes
        changed[table.lowerBound] = UInt8(ascii: "n")
        fixChecksum(&changed, header: table.lowerBound / 512 * 512)
        #expect(try load(changed) == [sample.id])
        let content = try #require(changed.firstRange(of: Array("second".utf8)))
        changed[content.lowerBound] = UInt8(ascii: "S")
        #expect(try refused(changed).contains("blobs/sha256/\(sample.diffs[1].hex)"))
    }

    private func load(_ archive: [UInt8]) throws -> [ImageID] {
        let kept = try TestRoot.kept { try $0.store(.vfs) }
        return try kept.store.load(BufferSource(archive)) { _ in }.map(\.id)
    }

    private func fixChecksum(_ bytes: inout [UInt8], header: Int) {
        for index in 148..<156 { bytes[header + index] = 0x20 }
        let sum = String(bytes[header..<header + 512].reduce(0) { $0 + Int($1) }, radix: 8)
        let text = String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} "
        bytes.replaceSubrange(header + 148..<header + 156, with: text.utf8)
    }
}
