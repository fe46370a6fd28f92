import Archive
import GraphDrivers
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@Suite struct ContainerTests {
    @Test("has Docker's init layer, and nothing of it in changes, diff and size", arguments: TestDriver.allCases)
    func initLayer(_ driver: TestDriver) throws {
        let kept = try TestRoot.kept { try $0.store(driver) }
        let sample = TestImage.sample()
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        for name in ["first", "second"] {
            try kept.store.createMount(name, image: sample.id, options: [:])
            try kept.store.withRoot(of: name) { (tree: FilePath) throws in
                for folder in ["dev/pts", "dev/shm", "proc", "sys"] {
                    #expect(isFolder(tree.appending(folder)), "\(folder)")
                }
                for file in [".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "dev/console"] {
                    #expect(try readFile(tree.appending(file)).isEmpty, "\(file)")
                }
                #expect(try text(tree.appending("etc/group")) == "root:x:0:\n")
            }
            #expect(try kept.store.changes(in: name) == [])
            #expect(try kept.store.size(of: name) == 0)
        }
        #expect(kept.store.mounts() == ["first", "second"])
        #expect(try kept.root.problems(driver) == [])
    }

    @Test("what it writes is in changes, size and export, and gone with it", arguments: TestDriver.allCases)
    func writing(_ driver: TestDriver) throws {
        let kept = try TestRoot.kept { try $0.store(driver) }
        let sample = TestImage.sample()
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        try kept.store.createMount("c", image: sample.id, options: [:])
        try kept.store.withRoot(of: "c") { (tree: FilePath) throws in
            try writeFile(Array("12345".utf8), to: tree.appending("new"), mode: .ownerReadWrite)
            try removeTree(tree.appending("big"))
        }
        #expect(try kept.store.changes(in: "c") == [Change("/big", .deleted), Change("/new", .added)])
        #expect(try kept.store.size(of: "c") == 5)
        let exported = BufferSink()
        try kept.store.export("c", to: exported)
        #expect(exported.bytes.firstRange(of: Array("12345".utf8)) != nil)
        try kept.store.removeMount("c")
        #expect(throws: StorageError.noSuchMount("c")) { try kept.store.removeMount("c") }
        #expect(try kept.root.problems(driver) == [])
    }

    @Test("is not removed while somebody looks, and keeps its image's layers", arguments: TestDriver.allCases)
    func busy(_ driver: TestDriver) throws {
        let kept = try TestRoot.kept { try $0.store(driver) }
        let sample = TestImage.sample()
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        try kept.store.createMount("c", image: sample.id, options: [:])
        let view = try kept.store.open("c")
        #expect(try kept.store.open("c") == view)
        kept.store.close("c")
        #expect(throws: StorageError.mountBusy("c")) { try kept.store.removeMount("c") }
        kept.store.close("c")
        _ = try kept.store.removeImage("test:1", force: true, prune: true) { _ in .stopped("c") }
        #expect(kept.store.images().isEmpty)
        try kept.store.withRoot(of: "c") { (tree: FilePath) throws in
            #expect(try text(tree.appending("dir/a")) == "second")
        }
        try kept.store.removeMount("c")
        #expect(try driver.layers(in: kept.root.path).isEmpty)
    }

    @Test("is there after a restart; a name is taken once", arguments: TestDriver.allCases)
    func restart(_ driver: TestDriver) throws {
        let root = try TestRoot()
        let sample = TestImage.sample()
        do {
            let store = try root.store(driver)
            _ = try store.load(BufferSource(sample.dockerArchive())) { _ in }
            try store.createMount("c", image: sample.id, options: [:])
            #expect(throws: StorageError.mountExists("c")) {
                try store.createMount("c", image: sample.id, options: [:])
            }
            #expect(throws: StorageError.self) { try store.createMount("../x", image: sample.id, options: [:]) }
            try store.createMount("empty", image: nil, options: [:])
            store.close()
        }
        let store = try root.store(driver)
        #expect(store.mounts() == ["c", "empty"])
        #expect(store.damages.isEmpty)
        try store.withRoot(of: "c") { (tree: FilePath) throws in #expect(try text(tree.appending("dir/a")) == "second")
        }
        for name in store.mounts() { try store.removeMount(name) }
        #expect(try root.problems(driver) == [])
    }

    @Test("many at once do not get into each other's way", arguments: TestDriver.allCases)
    func parallel(_ driver: TestDriver) throws {
        let kept = try TestRoot.kept { try $0.store(driver) }
        let sample = TestImage.sample()
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        let store = kept.store
        try inParallel(40, width: 8) { number in
            try store.createMount("c\(number)", image: sample.id, options: [:])
            try store.withRoot(of: "c\(number)") { _ in }
            try store.removeMount("c\(number)")
        }
        #expect(store.mounts().isEmpty)
        #expect(try kept.root.problems(driver) == [])
    }
}
