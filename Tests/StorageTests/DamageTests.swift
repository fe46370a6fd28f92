import Archive
import Glibc
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@Suite struct DamageTests {
    private static let sample = TestImage.sample()

    /// A closed data root with one image and one container.
    private func filled(_ driver: TestDriver) throws -> TestRoot {
        let root = try TestRoot()
        let store = try root.store(driver)
        _ = try store.load(BufferSource(Self.sample.dockerArchive())) { _ in }
        try store.createMount("c", image: Self.sample.id, options: [:])
        store.close()
        return root
    }

    private func layer(_ root: TestRoot, _ driver: TestDriver, _ number: Int) throws -> FilePath {
        let chain = try #require(ChainID.of(Self.sample.diffs.prefix(number + 1)))
        return root.layerdb(driver).appending("sha256/\(chain.hex)")
    }

    @Test("one process owns a data root, and the other learns who")
    func locked() throws {
        let root = try TestRoot()
        let store = try root.store(.vfs)
        do {
            _ = try root.openedAtOnce(.vfs)
            Issue.record("opened twice")
        } catch let StorageError.locked(path, holder) {
            #expect(path == root.path.string)
            #expect(holder.hasPrefix("process \(getpid()) ("))
        }
        store.close()
    }

    @Test(
        "a damaged layer is named, its image left out, and loading brings both back",
        arguments: ["diff", "size", "cache-id", "parent"],
        ["", "nonsense"]
    )
    func layerFile(_ file: String, _ content: String) throws {
        let root = try filled(.overlay2)
        let folder = try layer(root, .overlay2, 1)
        try writeFile(Array(content.utf8), to: folder.appending(file), mode: FilePermissions(rawValue: 0o644))
        do {
            let store = try root.store(.overlay2)
            #expect(store.images().isEmpty)
            #expect(store.damages.contains { $0.object.contains(folder.lastComponent?.string ?? "-") })
            #expect(store.damages.contains { $0.object == "image \(Self.sample.id)" })
            #expect(store.damages.contains { $0.object == "container layer c" })
            _ = try store.load(BufferSource(Self.sample.dockerArchive())) { _ in }
            #expect(try store.image(named: "test:1").id == Self.sample.id)
            store.close()
        }
        let store = try root.store(.overlay2)
        #expect(try store.image(named: "test:1").id == Self.sample.id)
        let saved = BufferSink()
        try store.save(["test:1"], to: saved)
        #expect(!saved.bytes.isEmpty)
    }

    @Test(
        "a container under which a layer was damaged is not committed without it, and its removal takes no image along",
        arguments: TestDriver.allCases
    )
    func container(_ driver: TestDriver) throws {
        let root = try filled(driver)
        try writeFile([], to: layer(root, driver, 1).appending("diff"), mode: .ownerReadWrite)
        do {
            let store = try root.store(driver)
            var config = ImageConfig()
            config.history = [ImageHistory()]
            let error = #expect(throws: StorageError.self) {
                try store.commit("c", as: config, parent: nil, reference: "rescued:1")
            }
            #expect("\(error as Any)".contains("missing or damaged"))
            #expect(store.images().isEmpty)
            _ = try store.load(BufferSource(Self.sample.dockerArchive())) { _ in }
            try store.removeMount("c")
            try store.save(["test:1"], to: BufferSink())
            store.close()
        }
        let store = try root.store(driver)
        #expect(store.damages.isEmpty)
        try store.save(["test:1"], to: BufferSink())
    }

    @Test("sizes that no layer has are a damage", arguments: ["9223372036854775807", "-1"])
    func size(_ text: String) throws {
        let root = try filled(.vfs)
        for number in 0...2 {
            try writeFile(Array(text.utf8), to: layer(root, .vfs, number).appending("size"), mode: .ownerReadWrite)
        }
        let store = try root.store(.vfs)
        #expect(store.images().isEmpty)
        #expect(store.damages.contains { $0.reason.contains("its file size") })
    }

    @Test("a layer whose driver's data is gone is damaged, not healthy", arguments: TestDriver.allCases)
    func noData(_ driver: TestDriver) throws {
        let root = try filled(driver)
        let id = try text(layer(root, driver, 0).appending("cache-id"))
        try removeTree(root.path.appending(driver == .vfs ? "vfs/dir/\(id)" : "overlay2/\(id)"))
        let store = try root.store(driver)
        #expect(store.images().isEmpty)
        #expect(store.damages.contains { $0.reason.contains(id) })
    }

    @Test("an image whose bytes changed is left out; loading brings it back")
    func imageBytes() throws {
        let root = try filled(.vfs)
        let path = root.path.appending("image/vfs/imagedb/content/sha256/\(Self.sample.id.hex)")
        try writeFile(Self.sample.config + [0x20], to: path, mode: .ownerReadWrite)
        let store = try root.store(.vfs)
        #expect(store.images().isEmpty)
        #expect(store.damages.map(\.object) == ["image \(Self.sample.id)"])
        _ = try store.load(BufferSource(Self.sample.dockerArchive())) { _ in }
        #expect(try readFile(path) == Self.sample.config)
    }

    @Test("names that can't be read are moved aside, and the store opens", arguments: ["", "{", "[]"])
    func repositories(_ content: String) throws {
        let root = try filled(.vfs)
        let path = root.path.appending("image/vfs/repositories.json")
        try writeFile(Array(content.utf8), to: path, mode: .ownerReadWrite)
        let store = try root.store(.vfs)
        #expect(store.damages.map(\.object) == ["repositories.json"])
        #expect(store.images().map(\.id) == [Self.sample.id])
        #expect(try text(path) == #"{"Repositories":{}}"#)
        #expect(try listFolder(root.path.appending("varve/quarantine/vfs")).count == 1)
    }

    @Test("a container's damaged layer is named, the others are not touched")
    func mount() throws {
        let root = try filled(.overlay2)
        try writeFile([], to: root.layerdb(.overlay2).appending("mounts/c/mount-id"), mode: .ownerReadWrite)
        let store = try root.store(.overlay2)
        #expect(store.damages.map(\.object) == ["container layer c"])
        #expect(store.images().count == 1)
    }

    @Test("somebody else's layers are never taken for orphans")
    func foreign() throws {
        let root = try filled(.vfs)
        let buildKit = root.path.appending("vfs/dir/abcdefghijklmnopqrstuvwxy")
        try makeFolders(buildKit, mode: FilePermissions(rawValue: 0o755))
        let journal = root.layerdb(.vfs).appending("tmp/write-set-123456")
        try makeFolders(journal, mode: FilePermissions(rawValue: 0o700))
        try writeFile(
            Array("abcdefghijklmnopqrstuvwxy".utf8),
            to: journal.appending("cache-id"),
            mode: .ownerReadWrite
        )
        let store = try root.store(.vfs)
        #expect(isFolder(buildKit))
        store.close()
    }

    @Test("what a crash interrupted is finished", arguments: TestDriver.allCases)
    func leftovers(_ driver: TestDriver) throws {
        let root = try filled(driver)
        let top = try layer(root, driver, 2)
        let removing = top.string + "-" + String(repeating: "a", count: 64) + "-removing"
        try rename(top, to: FilePath(removing))
        try removeTree(root.path.appending("image/\(driver.rawValue)/imagedb/content/sha256/\(Self.sample.id.hex)"))
        let mounts = root.layerdb(driver).appending("mounts/c")
        try rename(mounts, to: root.layerdb(driver).appending("tmp/remove-varve-1"))
        let store = try root.store(driver)
        #expect(store.mounts().isEmpty)
        #expect(try root.problems(driver) == [])
        store.close()
    }
}
