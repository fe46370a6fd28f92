import Archive
import Glibc
import GraphDrivers
import Linux
import OCI
import Storage
import SystemPackage
import Testing

/// What the power takes when it goes: bytes whose names are on the disk already. `Tests/VM/powercut` tries it for real.
@Suite struct PowerCutTests {
    private static let strace = "/usr/bin/strace"
    private static let sample = TestImage.sample()
    private static let id = String(repeating: "ab", count: 32)

    /// A data root with one image and one container, as a daemon leaves it that is killed.
    private func filled(_ driver: TestDriver) throws -> TestRoot {
        let root = try TestRoot()
        let store = try root.store(driver)
        _ = try store.load(BufferSource(Self.sample.dockerArchive())) { _ in }
        try store.createMount("c", image: Self.sample.id, options: [:])
        return root
    }

    /// The marks of young containers.
    private func marks(_ root: TestRoot, _ driver: TestDriver) throws -> [FilePath] {
        let folder = root.path.appending("varve/unsynced/\(driver.rawValue)")
        return try listFolder(folder).map { folder.appending($0) }
    }

    private func empty(_ path: FilePath) throws { try writeFile([], to: path, mode: .ownerReadWrite) }

    @Test(
        "the driver's half-made layer goes, though the journal's files came back empty",
        arguments: TestDriver.allCases
    )
    func journal(_ driver: TestDriver) throws {
        let root = try filled(driver)
        let id = try #require(LayerID(Self.id))
        try driver.open(root.path).create(id, parent: nil, options: LayerOptions())
        let folder = root.layerdb(driver).appending("tmp/write-set-varve-\(Self.id)")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        try empty(folder.appending("cache-id"))
        let store = try root.store(driver)
        #expect(store.damages.isEmpty)
        #expect(try root.problems(driver) == [])
    }

    @Test("a container that was being removed goes, though its files came back empty", arguments: TestDriver.allCases)
    func removal(_ driver: TestDriver) throws {
        let root = try filled(driver)
        let layerdb = root.layerdb(driver)
        let mount = layerdb.appending("mounts/c")
        let aside = layerdb.appending("tmp/remove-varve-\(try text(mount.appending("mount-id")))")
        try rename(mount, to: aside)
        for file in ["mount-id", "init-id", "parent"] { try empty(aside.appending(file)) }
        let store = try root.store(driver)
        #expect(store.damages.isEmpty)
        #expect(try root.problems(driver) == [])
        _ = try store.removeImage("test:1", force: true, prune: true) { _ in .unused }
        #expect(try driver.layers(in: root.path).isEmpty)
    }

    @Test(
        "a container that was not on the disk goes, whatever is left of it",
        arguments: TestDriver.allCases,
        ["mount-id", "init-id", "parent"]
    )
    func youngContainer(_ driver: TestDriver, _ file: String) throws {
        let root = try filled(driver)
        try empty(root.layerdb(driver).appending("mounts/c/\(file)"))
        for mark in try marks(root, driver) { try empty(mark) }
        let store = try root.store(driver)
        #expect(store.damages.isEmpty)
        #expect(store.mounts().isEmpty)
        #expect(store.mayBeLost("c"))
        #expect(try root.problems(driver) == [])
        #expect(throws: StorageError.self) { try store.removeMount("c") }
        #expect(try marks(root, driver).isEmpty)
    }

    @Test(
        "a young container that is whole stays; its mark goes with it",
        arguments: TestDriver.allCases,
        ["", "another"]
    )
    func wholeContainer(_ driver: TestDriver, _ boot: String) throws {
        let root = try filled(driver)
        for mark in try marks(root, driver) { try writeFile(Array(boot.utf8), to: mark, mode: .ownerReadWrite) }
        let store = try root.store(driver)
        #expect(store.damages.isEmpty)
        #expect(store.mounts() == ["c"])
        #expect(store.mayBeLost("c"))
        try store.removeMount("c")
        #expect(!store.mayBeLost("c"))
        #expect(try marks(root, driver).isEmpty)
    }

    @Test("what is damaged in the same boot was not lost with the power: it is named and stays")
    func sameBoot() throws {
        let root = try filled(.vfs)
        try empty(root.layerdb(.vfs).appending("mounts/c/mount-id"))
        let store = try root.store(.vfs)
        #expect(store.damages.map(\.object) == ["container layer c"])
        #expect(!store.mayBeLost("c"))
        #expect(exists(root.layerdb(.vfs).appending("mounts/c")))
    }

    @Test("a daemon that ends flushes the young containers")
    func ending() throws {
        let root = try filled(.vfs)
        #expect(try marks(root, .vfs).count == 1)
        try root.store(.vfs).close()
        #expect(try marks(root, .vfs).isEmpty)
    }

    @Test("what was on its way into place goes, and metadata of images that are not there")
    func remains() throws {
        let root = try filled(.vfs)
        let image = root.path.appending("image/vfs")
        let content = image.appending("imagedb/content/sha256")
        let metadata = image.appending("imagedb/metadata/sha256")
        let before = try [image, content, metadata].map { try listFolder($0) }
        try empty(image.appending(".tmp-repositories.json0123"))
        try empty(content.appending(".tmp-\(Self.id)0123"))
        try makeFolders(metadata.appending(Self.id), mode: FilePermissions(rawValue: 0o700))
        try empty(metadata.appending("\(Self.id)/parent"))
        try empty(metadata.appending("\(Self.sample.id.hex)/.tmp-lastUpdated0123"))
        let store = try root.store(.vfs)
        #expect(store.damages.isEmpty)
        #expect(try [image, content, metadata].map { try listFolder($0) } == before)
        #expect(try listFolder(metadata.appending(Self.sample.id.hex)) == ["lastUpdated"])
    }

    @Test("a layer whose image was removed under a container goes with the container, whatever is lost of that")
    func unclaimed() throws {
        let root = try filled(.vfs)
        do {
            let store = try root.store(.vfs)
            _ = try store.removeImage("test:1", force: true, prune: true) { _ in .unused }
            #expect(try driver(root).count == 5)
            store.close()
        }
        do {
            let store = try root.store(.vfs)
            #expect(try driver(root).count == 5)
            store.close()
        }
        let layerdb = root.layerdb(.vfs)
        let mount = layerdb.appending("mounts/c")
        let aside = layerdb.appending("tmp/remove-varve-\(try text(mount.appending("mount-id")))")
        try rename(mount, to: aside)
        for file in ["mount-id", "init-id", "parent"] { try empty(aside.appending(file)) }
        let store = try root.store(.vfs)
        #expect(try driver(root).isEmpty)
        store.close()
    }

    private func driver(_ root: TestRoot) throws -> Set<String> { try TestDriver.vfs.layers(in: root.path) }

    @Test(
        "layers are on the disk before they have their names, images before theirs, and names before the load ends",
        .enabled(if: exists(FilePath(strace)), "no strace"),
        arguments: TestDriver.allCases
    )
    func order(_ driver: TestDriver) throws {
        let root = try TestRoot()
        let archive = root.path.appending("archive.tar")
        try writeFile(Self.sample.dockerArchive(), to: archive, mode: .ownerReadWrite)
        let trace = root.path.appending("trace")
        let calls = "rename,renameat,renameat2,fsync,syncfs"
        try start([
            Self.strace, "-f", "-qq", "-s", "1000", "-e", "trace=\(calls)", "-e", "signal=none", "-o", trace.string,
            CrashTests.exerciser, root.path.string, driver.rawValue, "load", archive.string,
        ])
        var steps: [String] = []
        for line in try text(trace).split(separator: "\n") {
            let step = Self.step(line)
            if let step, step != steps.last { steps.append(step) }
        }
        // The first `names` is the new data root's own.
        let names = ["fsync", "names", "fsync"]
        let expected = names + ["syncfs", "layer", "fsync", "image", "syncfs"] + names
        #expect(Array(steps.prefix(expected.count)) == expected)
    }

    /// What a system call is to the store; nil for what the driver does.
    private static func step(_ line: Substring) -> String? {
        if line.contains("syncfs(") { return "syncfs" }
        if line.contains("fsync(") { return "fsync" }
        if line.contains("layerdb/sha256/") { return "layer" }
        if line.contains("imagedb/content/") { return "image" }
        return line.contains("repositories.json") ? "names" : nil
    }

    private func start(_ command: [String]) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, command[0], nil, nil, &arguments, environ)
        guard result == 0 else { throw SystemError("start \(command[0])", Errno(rawValue: result)) }
        var status: CInt = 0
        try sys("wait for \(command[0])") { waitpid(pid, &status, 0) }
        #expect(status == 0)
    }
}
