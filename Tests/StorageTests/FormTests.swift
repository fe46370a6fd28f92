import Archive
import Linux
import OCI
import Storage
import Testing

/// The forms that archives of images come in besides today's usual one.
@Suite struct FormTests {
    private static let sample = TestImage.sample()
    private static let tools = ["gzip -1", "zstd -q -1", "xz -0", "bzip2 -1"].filter {
        program(String($0.prefix { $0 != " " })) != nil
    }

    private func load(_ archive: [UInt8], _ driver: TestDriver = .vfs) throws -> (Store, [LoadedImage], TestRoot) {
        let kept = try TestRoot.kept { try $0.store(driver) }
        let loaded = try kept.store.load(BufferSource(archive)) { _ in }
        #expect(try kept.root.problems(driver) == [])
        return (kept.store, loaded, kept.root)
    }

    @Test("all compressors are here to be tried")
    func compressors() { #expect(Self.tools.count == 4, "only \(Self.tools) are installed") }

    @Test("compressed layers, and compressed archives", arguments: tools, TestDriver.allCases)
    func compressed(_ tool: String, _ driver: TestDriver) throws {
        let layers = try Self.sample.layers.map { try packed($0, tool) }
        #expect(try load(Self.sample.dockerArchive(packed: layers), driver).1.map(\.id) == [Self.sample.id])
        let whole = try packed(Self.sample.dockerArchive(), tool)
        #expect(try load(whole, driver).1.map(\.id) == [Self.sample.id])
        let (store, loaded, root) = try load(OCIArchive(Self.sample, packed: layers).bytes, driver)
        #expect(loaded.map(\.id) == [Self.sample.id])
        let saved = BufferSink()
        try store.save([Self.sample.id.description], to: saved)
        #expect(try load(saved.bytes, driver).1.map(\.id) == [Self.sample.id])
        withExtendedLifetime(root) {}
    }

    @Test("an OCI index within an index, with images for other platforms", arguments: [1, 2, 7])
    func nested(_ depth: Int) throws {
        let loaded = try load(OCIArchive(Self.sample, name: "docker.io/library/nested:2", depth: depth).bytes).1
        #expect(loaded.map(\.id) == [Self.sample.id])
        #expect(loaded.first?.references.map(\.familiar) == ["nested:2"])
    }

    @Test("indexes nested without end are refused")
    func endless() throws {
        let error = #expect(throws: StorageError.self) { try load(OCIArchive(Self.sample, depth: 20).bytes) }
        #expect("\(try #require(error))".contains("nested too deeply"))
    }

    @Test("lists that name each other many times, and no image, are looked at once each")
    func barren() throws {
        var tar = TestTar()
        var lists: [String] = []
        for depth in 0..<7 {
            let inner = Array(repeating: lists, count: 20).joined().joined(separator: ",")
            lists = ["a", "b"].map { name in
                let text = #"{"schemaVersion":2,"annotations":{"\#(name)":"\#(depth)"},"manifests":[\#(inner)]}"#
                let digest = sha256(Array(text.utf8))
                tar.add("blobs/sha256/\(digest.hex)", text)
                return
                    #"{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"\#(digest)","size":\#(text.utf8.count)}"#
            }
        }
        tar.add("index.json", #"{"schemaVersion":2,"manifests":[\#(lists.joined(separator: ","))]}"#)
        let error = #expect(throws: StorageError.self) { try load(tar.finished) }
        #expect("\(try #require(error))".contains("no image for linux/"))
    }

    /// As Docker 1.9 wrote it.
    private func legacy(parents: [String], broken: (Int) -> Bool = { _ in false }) -> [UInt8] {
        var tar = TestTar()
        let ids = parents.indices.map { String(repeating: "\($0)", count: 64) }
        for (number, layer) in Self.sample.layers.enumerated() {
            tar.folder(ids[number])
            tar.add("\(ids[number])/VERSION", "1.0")
            let parent = parents[number].isEmpty ? "" : #""parent":"\#(parents[number])","#
            let json =
                #"{"id":"\#(ids[number])",\#(parent)"created":"2015-01-01T00:00:00Z","container_config":{"Cmd":["step","\#(number)"]},"#
                + #""config":{"Cmd":["/bin/sh"]},"architecture":"amd64","os":"linux","Size":1}"#
            tar.add("\(ids[number])/json", json)
            if !broken(number) { tar.add("\(ids[number])/layer.tar", layer) }
        }
        tar.add("repositories", #"{"old":{"1":"\#(ids[2])","2":"\#(ids[2])"}}"#)
        return tar.finished
    }

    private static let chain = ["", String(repeating: "0", count: 64), String(repeating: "1", count: 64)]

    @Test("what Docker before 1.10 wrote", arguments: TestDriver.allCases)
    func legacy(_ driver: TestDriver) throws {
        let (store, loaded, root) = try load(legacy(parents: Self.chain), driver)
        #expect(loaded.first?.references.map(\.familiar).sorted() == ["old:1", "old:2"])
        let image = try store.image(named: "old:2")
        #expect(image.config.diffIDs == Self.sample.diffs)
        #expect(image.config.config?.cmd == ["/bin/sh"])
        #expect(store.history(of: image).map(\.createdBy) == ["step 2", "step 1", "step 0"])
        withExtendedLifetime(root) {}
    }

    @Test("what Docker before 1.10 did not write: parents in a ring, no layer, a name that leads out")
    func brokenLegacy() throws {
        var ring = Self.chain
        ring[0] = String(repeating: "2", count: 64)
        let out = ["../../../../etc", Self.chain[1], Self.chain[2]]
        for archive in [legacy(parents: ring), legacy(parents: Self.chain) { $0 == 1 }, legacy(parents: out)] {
            #expect(throws: StorageError.self) { try load(archive) }
        }
    }
}
