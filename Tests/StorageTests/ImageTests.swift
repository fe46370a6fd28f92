import Archive
import Hashing
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@Suite struct ImageTests {
    @Test("chain IDs are those of the specification")
    func chains() throws {
        let empty = try #require(DiffID("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"))
        #expect(ChainID.of([empty])?.description == empty.description)
        #expect(
            ChainID.of([empty, empty])?.description
                == "sha256:170b376f64fb30995c140276be3d71dfb256b308d86183ca3b22aa93a79ad548"
        )
        #expect(
            ChainID.of([empty, empty, empty])?.description
                == "sha256:7800f80a93336d416612f372faa5f69eb67b353ce6ae9535fa0848f8784c74b1"
        )
        #expect(ChainID.of([]) == nil)
    }

    @Test("a loaded image is there, under all its names, also after a restart", arguments: TestDriver.allCases)
    func load(_ driver: TestDriver) throws {
        let root = try TestRoot()
        let sample = TestImage.sample(tags: ["test:1", "other/name:2"])
        do {
            let store = try root.store(driver)
            let loaded = try store.load(BufferSource(sample.dockerArchive())) { _ in }
            #expect(loaded.map(\.id) == [sample.id])
            #expect(loaded.first?.references.map(\.familiar) == ["test:1", "other/name:2"])
            store.close()
        }
        let store = try root.store(driver)
        let image = try store.image(named: "test:1")
        #expect(image.rawConfig == sample.config)
        #expect(image.references.map(\.familiar) == ["other/name:2", "test:1"])
        #expect(image.size > 100_000)
        for name in [
            sample.id.description, sample.id.hex, sample.id.short, "other/name:2", "sha256:\(sample.id.short)",
        ] {
            #expect(try store.image(named: name).id == sample.id, "\(name)")
        }
        #expect(store.damages.isEmpty)
        #expect(try root.problems(driver) == [])
    }

    @Test("what is saved is what was loaded, digest for digest", arguments: TestDriver.allCases)
    func roundTrip(_ driver: TestDriver) throws {
        let (first, second) = (try TestRoot(), try TestRoot())
        let sample = TestImage.sample()
        let (from, to) = (try first.store(driver), try second.store(driver))
        _ = try from.load(BufferSource(sample.dockerArchive())) { _ in }
        let saved = BufferSink()
        try from.save(["test"], to: saved)
        let loaded = try to.load(BufferSource(saved.bytes)) { _ in }
        #expect(loaded.map(\.id) == [sample.id])
        #expect(loaded.first?.references.map(\.familiar) == ["test:1"])
        let again = BufferSink()
        try to.save(["test:1"], to: again)
        #expect(again.bytes == saved.bytes)
    }

    @Test("layers are joined as they should be", arguments: TestDriver.allCases)
    func tree(_ driver: TestDriver) throws {
        let root = try TestRoot()
        let store = try root.store(driver)
        let sample = TestImage.sample()
        _ = try store.load(BufferSource(sample.dockerArchive(tableFirst: true))) { _ in }
        try store.createMount("c1", image: sample.id, options: [:])
        try store.withRoot(of: "c1") { (tree: FilePath) throws in
            #expect(try text(tree.appending("dir/a")) == "second")
            #expect(!exists(tree.appending("dir/hard")))
            #expect(!exists(tree.appending("etc/passwd")))
            #expect(try text(tree.appending("etc/group")) == "root:x:0:\n")
        }
    }

    @Test("layers that are there are not unpacked again, and shared ones outlive one of their images")
    func shared() throws {
        let root = try TestRoot()
        let store = try root.store(.overlay2)
        let (one, two) = (TestImage.sample(tags: ["one"], note: "1"), TestImage.sample(tags: ["two"], note: "2"))
        var reports = 0
        _ = try store.load(BufferSource(one.dockerArchive())) { _ in reports += 1 }
        #expect(reports > 0)
        let before = try TestDriver.overlay2.layers(in: root.path)
        _ = try store.load(BufferSource(two.dockerArchive())) { _ in Issue.record("unpacked again") }
        #expect(try TestDriver.overlay2.layers(in: root.path) == before)
        let removed = try store.removeImage("one", force: false, prune: true) { _ in .unused }
        #expect(removed == [.untagged("one:latest"), .deleted(one.id.description)])
        #expect(try TestDriver.overlay2.layers(in: root.path) == before)
        let last = try store.removeImage(two.id.short, force: false, prune: true) { _ in .unused }
        #expect(last.count == 5)
        #expect(try TestDriver.overlay2.layers(in: root.path).isEmpty)
        #expect(try root.problems(.overlay2) == [])
    }

    @Test("a load that nobody wants any more does not wait for another's layers")
    func givesUp() throws {
        let root = try TestRoot()
        let store = try root.store(.overlay2)
        let archive = TestImage.sample().dockerArchive()
        var ended: (any Error)?
        _ = try store.load(BufferSource(archive)) { _ in
            guard ended == nil else { return }
            do {
                _ = try store.load(BufferSource(archive), progress: { _ in }, giveUp: { throw CancellationError() })
            } catch { ended = error }
        }
        #expect(ended is CancellationError)
        #expect(try root.problems(.overlay2) == [])
    }

    @Test("an image in use is kept, with Docker's words; force overrules what is soft")
    func removal() throws {
        let store = try TestRoot.kept { try $0.store(.overlay2) }
        let sample = TestImage.sample(tags: ["a:1", "b:1"])
        _ = try store.store.load(BufferSource(sample.dockerArchive())) { _ in }
        let container = String(repeating: "e", count: 64)
        func remove(_ name: String, force: Bool = false, _ use: ImageUse) throws -> [RemovedItem] {
            try store.store.removeImage(name, force: force, prune: true) { _ in use }
        }
        #expect(
            throws: StorageError.conflict(
                "conflict: unable to delete \(sample.id.short) (must be forced) - image is referenced in multiple repositories"
            )
        ) { try remove(sample.id.hex, .unused) }
        #expect(try remove("a:1", .stopped(container)) == [.untagged("a:1")])
        #expect(
            throws: StorageError.conflict(
                "conflict: unable to remove repository reference \"b:1\" (must force) - container eeeeeeeeeeee is using "
                    + "its referenced image \(sample.id.short)"
            )
        ) { try remove("b:1", .stopped(container)) }
        #expect(
            throws: StorageError.conflict(
                "conflict: unable to delete \(sample.id.short) (cannot be forced) - image is being used by running "
                    + "container eeeeeeeeeeee"
            )
        ) { try remove(sample.id.short, force: true, .running(container)) }
        #expect(try remove("b:1", force: true, .running(container)) == [.untagged("b:1")])
        #expect(try store.store.image(named: sample.id.short).references.isEmpty)
        #expect(try remove(sample.id.short, force: true, .stopped(container)).first == .deleted(sample.id.description))
        #expect(throws: StorageError.noSuchImage("b:1")) { try store.store.image(named: "b:1") }
    }

    @Test("a tag moves, and says whose it was")
    func tags() throws {
        let kept = try TestRoot.kept { try $0.store(.vfs) }
        let (one, two) = (TestImage.sample(tags: ["x:1"], note: "1"), TestImage.sample(tags: ["x:1"], note: "2"))
        _ = try kept.store.load(BufferSource(one.dockerArchive())) { _ in }
        let loaded = try kept.store.load(BufferSource(two.dockerArchive())) { _ in }
        #expect(
            loaded.first?.renamed.map(\.description)
                == ["The image x:1 already exists, renaming the old one with ID \(one.id) to empty string"]
        )
        try kept.store.tag(one.id.short, as: "y")
        #expect(try kept.store.image(named: "y").id == one.id)
        #expect(try kept.store.image(named: "y").lastTagged != nil)
        #expect(throws: StorageError.self) { try kept.store.tag("x:1", as: "Bad") }
        #expect(throws: StorageError.self) { try kept.store.tag("x:1", as: "sha256:abc") }
        #expect(throws: StorageError.noSuchImage("nosuch:latest")) { try kept.store.tag("nosuch", as: "z") }
        #expect(
            try text(kept.root.path.appending("image/vfs/repositories.json"))
                == #"{"Repositories":{"x":{"x:1":"\#(two.id)"},"y":{"y:latest":"\#(one.id)"}}}"#
        )
    }

    @Test("history has a line a step, newest first, and its layers' sizes")
    func history() throws {
        let kept = try TestRoot.kept { try $0.store(.vfs) }
        let sample = TestImage.sample()
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        let steps = kept.store.history(of: try kept.store.image(named: "test:1"))
        #expect(steps.count == 4)
        #expect(steps.first?.id == sample.id)
        #expect(steps.first?.tags == ["test:1"])
        #expect(steps.map(\.size).map { $0 > 0 } == [false, true, true, true])
        #expect(steps.dropFirst().allSatisfy { $0.id == nil })
    }

    @Test("a root file system becomes an image")
    func importing() throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        var tar = TestTar()
        tar.add("hello", "world")
        var config = ContainerConfig()
        config.cmd = ["/hello"]
        let image = try kept.store.importImage(
            BufferSource(tar.finished),
            config: config,
            reference: "made",
            message: "Imported from -",
            progress: { _ in }
        )
        #expect(image.config.diffIDs == [DiffID(Digest.of(tar.finished))])
        #expect(image.config.config?.cmd == ["/hello"])
        #expect(image.references.map(\.familiar) == ["made:latest"])
        #expect(try kept.root.problems(.overlay2) == [])
    }

    @Test("the beginning of several IDs is nobody's name")
    func ambiguous() throws {
        let kept = try TestRoot.kept { try $0.store(.vfs) }
        var prefixes: Set<Character> = []
        var number = 0
        while true {
            let image = TestImage([], tags: [], note: "\(number)")
            _ = try kept.store.load(BufferSource(image.dockerArchive())) { _ in }
            number += 1
            if let first = image.id.hex.first, !prefixes.insert(first).inserted {
                #expect(throws: StorageError.ambiguous(String(first))) { try kept.store.image(named: String(first)) }
                return
            }
        }
    }
}

extension TestRoot {
    /// A root and what is made of it, that live together.
    static func kept(_ make: (TestRoot) throws -> Store) throws -> (root: TestRoot, store: Store) {
        let root = try TestRoot()
        return (root, try make(root))
    }
}
