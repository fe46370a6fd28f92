import DriverChecks
import Glibc
import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import Testing

/// Sizes of containers, on the file system of `TestHost.folder`; where it has no project quotas the tests say so.
@Suite(.serialized) struct QuotaTests {
    /// What a test plays on.
    struct Place {
        let home: FilePath
        let driver: Overlay2
        /// Another look at the same projects.
        let quota: ProjectQuota

        func reopened() throws -> Overlay2 { try Overlay2(home: home, options: DriverOptions()) }
    }

    private func withHome(_ options: [String] = [], ofProject: Bool = false, _ body: (Place) throws -> Void) throws {
        let folder = try AtomicFolder(in: TestHost.folder, prefix: "overlay2-")
        defer { try? folder.cancel() }
        let node = folder.path.appending("node")
        do throws(ProjectQuotaMissing) { _ = try ProjectQuota(in: folder.path, node: node) } catch {
            print("skipped: \(error)")
            return
        }
        if ofProject { try ProjectQuota(in: folder.path, node: node).begin(folder.path) }
        let home = folder.path.appending("home")
        let driver = try Overlay2(home: home, options: DriverOptions(parsing: options))
        try body(Place(home: home, driver: driver, quota: ProjectQuota(in: home, node: node)))
    }

    private func size(_ text: String) -> LayerOptions { LayerOptions(isWritable: true, storage: ["size": text]) }

    private func project(_ place: Place, _ name: String) throws -> UInt32? {
        let path = place.home.appending(name)
        return isFolder(path) ? try place.quota.usage(of: path).project : nil
    }

    private func limit(_ place: Place, _ project: UInt32) throws -> UInt64 {
        try place.quota.usage(of: place.home, project: project).limit
    }

    @Test("a kill at any step of making and removing a layer with a size leaves no limit", arguments: [false, true])
    func kills(ofProject: Bool) throws {
        try withHome(ofProject: ofProject) { place in
            let (parent, id) = (try #require(LayerID("parent")), try #require(LayerID("child")))
            try place.driver.create(parent, parent: nil, options: LayerOptions())
            try place.driver.create(id, parent: parent, options: size("1m"))
            let first = try #require(try project(place, "child"))
            try place.driver.remove(id)
            let names = try listFolder(place.home)
            for isRemoving in [false, true] {
                for call in 1... {
                    if isRemoving { try place.driver.create(id, parent: parent, options: size("1m")) }
                    let isKilled = try runKilled(beforeCall: call) {
                        if isRemoving { try? place.driver.remove(id) }
                        if !isRemoving { try? place.driver.create(id, parent: parent, options: size("1m")) }
                    }
                    let found = try ["child", ".child.new", ".child.gone"].compactMap { try project(place, $0) }
                    let next = try place.reopened()
                    if next.contains(id) { _ = try next.open(id) }
                    try next.remove(id)
                    try #expect(listFolder(place.home) == names)
                    // Below a project of the test's own nobody else takes any.
                    for project in ofProject ? Array(first..<first + 16) : found {
                        try #expect(limit(place, project) == 0, "killed before call \(call)")
                    }
                    if !isKilled { break }
                }
            }
        }
    }

    @Test("what runs in the container sees its size, and no parent's files count")
    func shown() throws {
        try withHome { place in
            let (parent, id) = (try #require(LayerID("parent")), try #require(LayerID("child")))
            try place.driver.create(parent, parent: nil, options: LayerOptions(isWritable: true))
            try writeFile(
                [UInt8](repeating: 1, count: 4 << 20),
                to: place.home.appending("parent/diff/f"),
                mode: .ownerReadWrite
            )
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

    @Test("the daemon's size is for containers that name none, and for no layer of an image")
    func defaults() throws {
        try withHome(["overlay2.size=3m"]) { place in
            let kinds = [
                "image": LayerOptions(), "plain": LayerOptions(isWritable: true), "own": size("5m"), "none": size("0"),
            ]
            var limits: [String: Int] = [:]
            for (name, options) in kinds {
                let id = try #require(LayerID(name))
                try place.driver.create(id, parent: nil, options: options)
                limits[name] = try Int(place.quota.usage(of: place.home.appending(name)).limit) >> 20
                try place.driver.remove(id)
            }
            #expect(limits == ["image": 0, "plain": 3, "own": 5, "none": 0])
        }
    }

    @Test("where there are no quotas a size is refused, with the reason, and leaves nothing")
    func refused() throws {
        let folder = try AtomicFolder(in: "/dev/shm", prefix: "overlay2-")
        defer { try? folder.cancel() }
        let home = folder.path.appending("home")
        let whole = #expect(throws: DriverError.self) {
            try Overlay2(home: home, options: DriverOptions(parsing: ["overlay2.size=1G"]))
        }
        #expect("\(whole as Any)".contains("the tmpfs of \(home) is mounted without project quotas; put the data root"))
        #expect(!exists(home))
        let driver = try Overlay2(home: home, options: DriverOptions(parsing: ["overlay2.size=0"]))
        #expect(!driver.capabilities.contains(.quota))
        let id = try #require(LayerID("one"))
        for text in ["1G", "0"] {
            #expect(throws: DriverError.self) { try driver.create(id, parent: nil, options: size(text)) }
        }
        try #expect(listFolder(home) == ["l"])
    }
}
