import Archive
import DriverChecks
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage
import Testing

@testable import DeviceMapperDriver

/// What the blocks tell is what a comparison of the trees finds, whatever was done.
@Suite(.serialized, .enabled(if: hasThinPools, "this kernel has no thin pools")) struct ChangesTests {
    /// Runs `body` on a driver with a home of its own.
    private func withDriver(_ fileSystem: String, _ body: (DeviceMapper) throws -> Void) throws {
        let options = DriverOptions([
            ("dm.fs", fileSystem), ("dm.basesize", "512M"), ("dm.loopdatasize", "4G"), ("dm.loopmetadatasize", "64M"),
        ])
        let scratch = try AtomicFolder(in: TestHost.folder, prefix: "changes-")
        defer { try? scratch.cancel() }
        let driver = try DeviceMapper(home: scratch.path.appending("home"), options: options)
        defer { try? driver.release() }
        try body(driver)
    }

    private func make(
        _ driver: DeviceMapper,
        _ name: String,
        on parent: LayerID?,
        _ fill: (FilePath) throws -> Void
    ) throws -> LayerID {
        let id = try #require(LayerID(name))
        try driver.create(id, parent: parent, options: LayerOptions(isWritable: true))
        try driver.withTree(of: id, fill)
        return id
    }

    private func expectSame(_ driver: DeviceMapper, _ id: LayerID, since parent: LayerID, _ note: String) throws {
        // Without the trees, if the blocks can't tell.
        let told = try driver.changes(in: id, since: parent) { throw $2 }
        let compared = try driver.changesByComparison(in: id, since: parent)
        #expect(told == compared, "\(note)")
    }

    /// The pool's devices share nodes of their trees; those that other tests make do not.
    private func expectSameBlocks(_ driver: DeviceMapper, _ id: LayerID, _ parent: LayerID) throws {
        let (one, other) = (try driver.deviceID(of: id), try driver.deviceID(of: parent))
        try driver.withMetadataSnapshot { root in
            let device = try driver.metadataDevice()
            let found = try PoolMetadata(RawDevice(device), root: root).differingBlocks(one, other)
            #expect(try found == blocksByThinDelta(device, one, other, root: root), "\(id) since \(parent)")
        }
    }

    private func tryRandom(_ driver: DeviceMapper, _ seed: UInt64) throws {
        var acts = RandomActs(root: "", numbers: Numbers(seed: seed))
        var below: [LayerID] = []
        for (name, steps) in [("one", 80), ("two", 60), ("three", Int.random(in: 1...30, using: &acts.numbers))] {
            let id = try make(driver, "\(name)-\(seed)", on: below.last) { tree in
                acts = RandomActs(root: tree, numbers: acts.numbers, filled: below.isEmpty ? 0 : 40)
                if below.isEmpty { acts.fill(40) }
                acts.act(steps)
            }
            for parent in below { try expectSame(driver, id, since: parent, "seed \(seed), \(id) since \(parent)") }
            below.append(id)
        }
        if seed % 10 == 0 { try expectSameBlocks(driver, below[2], below[0]) }
        try tryInUse(driver, below[2], since: below[1], &acts, "seed \(seed), in use")
        for id in below.reversed() { try driver.remove(id) }
    }

    /// Changes a layer that is mounted, and asks while what was written is in memory only.
    private func tryInUse(
        _ driver: DeviceMapper,
        _ id: LayerID,
        since parent: LayerID,
        _ acts: inout RandomActs,
        _ note: String
    ) throws {
        try driver.withTree(of: id) { tree in
            acts = RandomActs(root: tree, numbers: acts.numbers, filled: 40)
            acts.act(20)
            try expectSame(driver, id, since: parent, note)
            acts.act(1)
            try expectSame(driver, id, since: parent, note)
        }
    }

    /// How often at random: `VARVE_SEEDS`, fewer where the processor is emulated.
    private static let seeds = getenv("VARVE_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 100

    @Test("after anything at all, in three layers on each other", arguments: [("ext4", seeds), ("xfs", seeds / 2)])
    func random(_ fileSystem: String, _ count: UInt64) throws {
        try withDriver(fileSystem) { driver in
            for seed in 0..<count { try tryRandom(driver, seed) }
        }
    }

    /// What another process does to the folders `busy` and `old` of a tree, until it is killed.
    private func disturb(_ tree: FilePath) -> String {
        """
        echo $$; cd '\(tree)' || exit; i=0
        while :; do
            i=$((i + 1))
            echo $i >busy/f$((i % 50)); mv busy/f$((i % 50)) busy/g$((i % 7)); rm -f busy/f$(((i + 25) % 50))
            mkdir busy/d$i; mv busy/d$((i - 1)) busy/d$i/; rm -rf busy/d$((i - 5)); echo $i >>old/$((i % 20))
        done
        """
    }

    /// A layer with folders for `disturb` and others, and one on it that differs below `calm`.
    private func makeCalm(_ driver: DeviceMapper) throws -> (child: LayerID, parent: LayerID) {
        let parent = try make(driver, "parent", on: nil) { tree in
            for name in ["busy", "old", "calm/a", "calm/b"] {
                try makeFolders(tree.appending(name), mode: FilePermissions(rawValue: 0o755))
            }
            for index in 0..<20 {
                for name in ["old", "calm/a", "calm/b"] {
                    try writeFile([1], to: tree.appending("\(name)/\(index)"), mode: .ownerReadWrite)
                }
            }
        }
        let child = try make(driver, "child", on: parent) { tree in
            try writeFile([1, 2], to: tree.appending("calm/a/3"), mode: .ownerReadWrite)
            chmod(tree.appending("calm/b/5").string, 0o711)
            unlink(tree.appending("calm/b/6").string)
        }
        return (child, parent)
    }

    @Test("while another process changes the layer, what it leaves alone is told right", arguments: ["ext4", "xfs"])
    func disturbed(_ fileSystem: String) throws {
        try withDriver(fileSystem) { driver in
            let (child, parent) = try makeCalm(driver)
            let folder = TestHost.folder.appending("disturbed-\(randomHex(bytes: 4))")
            try makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
            defer { rmdir(folder.string) }
            let view = try driver.open(child)
            try GraphDrivers.withTree(view, at: folder) { tree in
                try disturbing(tree) {
                    for round in 0..<8 { try expectCalm(driver, child, since: parent, "round \(round)") }
                }
                // Once it is quiet the blocks tell, for this test is of no use where they never do.
                try expectCalm(driver, child, since: parent, "the end")
                try expectSame(driver, child, since: parent, "the end")
            }
            try driver.close(child)
            for id in [child, parent] { try driver.remove(id) }
        }
    }

    /// Runs `body` while another process changes the tree.
    private func disturbing(_ tree: FilePath, _ body: () throws -> Void) throws {
        let pipe = try #require(popen(disturb(tree), "r"))
        var line = [CChar](repeating: 0, count: 32)
        fgets(&line, 32, pipe)
        let pid = try #require(pid_t(String(decoding: line.prefix { $0 > 32 }.map { UInt8($0) }, as: UTF8.self)))
        defer {
            kill(pid, SIGKILL)
            pclose(pipe)
        }
        try body()
    }

    private func expectCalm(_ driver: DeviceMapper, _ id: LayerID, since parent: LayerID, _ note: String) throws {
        let found = try driver.changes(in: id, since: parent).map { "\($0.kind) \($0.path)" }
        let wanted = [
            "modified /calm", "modified /calm/a", "modified /calm/a/3", "modified /calm/b", "modified /calm/b/5",
            "deleted /calm/b/6",
        ]
        #expect(found.filter { $0.contains("/calm") } == wanted, "\(note)")
    }
}
