import DriverChecks
import Glibc
import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import Testing
import VFSDriver

/// Sizes of containers whose layers are folders, on the file system of `TestHost.folder`; `VARVE_NEEDS_QUOTAS` says that
/// it must have project quotas.
@Suite(.serialized) struct LayerSizesTests {
    enum Kind: String, CaseIterable, Sendable {
        case overlay2, vfs

        func open(_ home: FilePath, _ options: [String] = []) throws -> any GraphDriver {
            let options = try DriverOptions(parsing: options)
            return switch self {
            case .overlay2: try Overlay2(home: home, options: options)
            case .vfs: try VFS(home: home, options: options)
            }
        }

        /// The daemon's option.
        var key: String { self == .overlay2 ? "overlay2.size" : "size" }
        func layers(_ home: FilePath) -> FilePath { self == .overlay2 ? home : home.appending("dir") }
    }

    static let isPossible: Bool = {
        guard getenv("VARVE_NEEDS_QUOTAS") == nil else { return true }
        guard let folder = try? AtomicFolder(in: TestHost.folder, prefix: "sizes-") else { return true }
        defer { try? folder.cancel() }
        return (try? ProjectQuota(in: folder.path, node: folder.path.appending("node"))) != nil
    }()

    /// What a test plays on.
    private struct Place {
        let kind: Kind
        let home: FilePath
        let driver: any GraphDriver
        /// Another look at the same projects.
        let quota: ProjectQuota
        var layers: FilePath { kind.layers(home) }

        func project(_ name: String) throws -> UInt32? {
            let path = layers.appending(name)
            return isFolder(path) ? try quota.usage(of: path).project : nil
        }

        func limit(_ project: UInt32) throws -> UInt64 { try quota.usage(of: home, project: project).limit }
    }

    private func withHome(
        _ kind: Kind,
        _ options: [String] = [],
        ofProject: Bool = false,
        _ body: (Place) throws -> Void
    ) throws {
        let folder = try AtomicFolder(in: TestHost.folder, prefix: "sizes-")
        defer { try? folder.cancel() }
        let node = folder.path.appending("node")
        if ofProject { try ProjectQuota(in: folder.path, node: node).begin(folder.path) }
        let home = folder.path.appending("home")
        let driver = try kind.open(home, options)
        try body(Place(kind: kind, home: home, driver: driver, quota: ProjectQuota(in: home, node: node)))
    }

    private func size(_ text: String) -> LayerOptions { LayerOptions(isWritable: true, storage: ["size": text]) }

    @Test(
        "a kill at any step of making and removing a layer with a size leaves no limit",
        .enabled(if: isPossible, "no project quotas here"),
        arguments: Kind.allCases,
        [false, true]
    )
    func kills(_ kind: Kind, ofProject: Bool) throws {
        try withHome(kind, ofProject: ofProject) { place in
            let parent = try #require(LayerID("parent"))
            try place.driver.create(parent, parent: nil, options: LayerOptions())
            for isRemoving in [false, true] { try kill(place, parent, isRemoving: isRemoving, ofProject) }
        }
    }

    private func kill(_ place: Place, _ parent: LayerID, isRemoving: Bool, _ ofProject: Bool) throws {
        let id = try #require(LayerID("child"))
        try place.driver.create(id, parent: parent, options: size("1m"))
        let first = try #require(try place.project("child"))
        try place.driver.remove(id)
        let names = try listFolder(place.layers)
        for call in 1... {
            if isRemoving { try place.driver.create(id, parent: parent, options: size("1m")) }
            let isKilled = try runKilled(beforeCall: call) {
                // A copy that fails ends so that this one hears of it.
                do {
                    if isRemoving {
                        try place.driver.remove(id)
                    } else {
                        try place.driver.create(id, parent: parent, options: size("1m"))
                    }
                } catch { _exit(1) }
            }
            let found = try ["child", ".child.new", ".child.gone"].compactMap { try place.project($0) }
            let next = try place.kind.open(place.home)
            if next.contains(id) { _ = try next.open(id) }
            try next.remove(id)
            try #expect(listFolder(place.layers) == names)
            // Below a project of the test's own nobody else takes any.
            for project in ofProject ? Array(first..<first + 16) : found {
                try #expect(place.limit(project) == 0, "killed before call \(call)")
            }
            if !isKilled {
                #expect(call > 3, "too few system calls to have done anything")
                break
            }
        }
    }

    @Test(
        "overlay2: what runs in the container sees its size, and no parent's files count",
        .enabled(if: isPossible, "no project quotas here")
    )
    func shown() throws {
        try withHome(.overlay2) { place in
            let (parent, id) = (try #require(LayerID("parent")), try #require(LayerID("child")))
            try place.driver.create(parent, parent: nil, options: LayerOptions(isWritable: true))
            let file = place.layers.appending("parent/diff/f")
            try writeFile([UInt8](repeating: 1, count: 4 << 20), to: file, mode: .ownerReadWrite)
            try place.driver.create(id, parent: parent, options: size("32m"))
            try place.driver.withTree(of: id) { tree in
                var status = statvfs()
                try sys("look at \(tree)") { statvfs(tree.string, &status) }
                let (total, free) = (status.f_blocks * status.f_frsize, status.f_bfree * status.f_frsize)
                #expect(32 << 20...33 << 20 ~= Int(total))
                #expect(31 << 20...32 << 20 ~= Int(free))
            }
            try place.driver.remove(id)
        }
    }

    @Test(
        "vfs: the copied files of the image do not count, and the limit is the size beyond them",
        .enabled(if: isPossible, "no project quotas here")
    )
    func image() throws {
        try withHome(.vfs) { place in
            let (parent, id) = (try #require(LayerID("parent")), try #require(LayerID("child")))
            try place.driver.create(parent, parent: nil, options: LayerOptions(isWritable: true))
            let file = place.layers.appending("parent/f")
            try writeFile([UInt8](repeating: 1, count: 4 << 20), to: file, mode: .ownerReadWrite)
            try place.driver.create(id, parent: parent, options: size("2m"))
            let usage = try place.quota.usage(of: place.layers.appending("child"))
            #expect(4 << 20...5 << 20 ~= usage.bytes)
            #expect(6 << 20...7 << 20 ~= usage.limit)
            try place.driver.remove(id)
        }
    }

    @Test(
        "the daemon's size is for containers that name none, and for no layer of an image",
        .enabled(if: isPossible, "no project quotas here"),
        arguments: Kind.allCases
    )
    func defaults(_ kind: Kind) throws {
        try withHome(kind, ["\(kind.key)=3m"]) { place in
            let kinds = [
                "image": LayerOptions(), "plain": LayerOptions(isWritable: true), "own": size("5m"), "none": size("0"),
            ]
            var limits: [String: Int] = [:]
            for (name, options) in kinds {
                let id = try #require(LayerID(name))
                try place.driver.create(id, parent: nil, options: options)
                limits[name] = try Int(place.quota.usage(of: place.layers.appending(name)).limit) >> 20
                try place.driver.remove(id)
            }
            #expect(limits == ["image": 0, "plain": 3, "own": 5, "none": 0])
        }
    }

    @Test("where there are no quotas a size is refused, with the reason, and leaves nothing", arguments: Kind.allCases)
    func refused(_ kind: Kind) throws {
        let folder = try AtomicFolder(in: "/dev/shm", prefix: "sizes-")
        defer { try? folder.cancel() }
        let home = folder.path.appending("home")
        let whole = #expect(throws: DriverError.self) { try kind.open(home, ["\(kind.key)=1G"]) }
        let words = "the tmpfs of \(kind.layers(home)) is mounted without project quotas; put the data root"
        #expect("\(whole as Any)".contains(words))
        #expect(!exists(home))
        let driver = try kind.open(home, ["\(kind.key)=0"])
        #expect(!driver.capabilities.contains(.quota))
        let id = try #require(LayerID("one"))
        for text in ["1G", "0"] {
            #expect(throws: DriverError.self) { try driver.create(id, parent: nil, options: size(text)) }
        }
        try #expect(listFolder(kind.layers(home)) == (kind == .overlay2 ? ["l"] : []))
    }

    @Test("unknown options, sizes that are none, and sizes of images' layers are refused", arguments: Kind.allCases)
    func nonsense(_ kind: Kind) throws {
        let folder = try AtomicFolder(in: "/dev/shm", prefix: "sizes-")
        defer { try? folder.cancel() }
        let home = folder.path.appending("home")
        for option in ["\(kind.key)=much", "\(kind.key)=", "\(kind.key)=-1", "other=1"] {
            #expect(throws: DriverError.self, "\(option)") { try kind.open(home, [option]) }
        }
        #expect(!exists(home))
        let (driver, id) = (try kind.open(home), try #require(LayerID("one")))
        for options in [
            LayerOptions(isWritable: true, storage: ["inodes": "5"]), LayerOptions(storage: ["size": "1m"]),
            LayerOptions(isWritable: true, storage: ["size": "1x"]),
        ] {
            #expect(throws: DriverError.self, "\(options)") { try driver.create(id, parent: nil, options: options) }
        }
        #expect(!driver.contains(id))
    }
}
