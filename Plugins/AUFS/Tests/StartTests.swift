import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import AUFSDriver

/// What a start finds, it cleans up or leaves alone: it never keeps layers that are whole from being used.
@Suite(.serialized) struct StartTests {
    private func mounts(below folder: FilePath) throws -> [FilePath] {
        try MountInfo.all().map(\.target).filter { $0.starts(with: folder) }
    }

    @Test("a kill at any step of the first start leaves nothing that the next does not clean up", arguments: unions)
    func firstStart(_ union: String) throws {
        for call in sequence(first: 1, next: { $0 + 3 }) {
            let home = try Home()
            let isKilled = try runKilled(beforeCall: call) { _ = try? home.driver(union) }
            _ = try home.driver(union)
            #expect(try listFolder(home.folder) == ["home"], "after a kill before call \(call)")
            #expect(try listFolder(home.path).filter { $0.hasPrefix(".check") }.isEmpty)
            #expect(try mounts(below: home.folder).isEmpty, "after a kill before call \(call)")
            if !isKilled { return #expect(call > 20) }
        }
    }

    @Test("what is left of a try goes although a process has the number that made it")
    func reusedNumber() throws {
        let home = try Home()
        for place in [home.folder, home.path] {
            try place.makeFolder(".check-aufs-\(getpid())-0123")
            _ = try home.driver("overlayfs")
            #expect(try listFolder(place).filter { $0.hasPrefix(".check") }.isEmpty)
        }
    }

    @Test("a damaged layer, and what can't be deleted, stop no start", arguments: unions)
    func damaged(_ union: String) throws {
        let home = try Home()
        let (lower, upper) = try home.driver(union).makeTwo()
        for name in ["damaged", "endless"] { try home.path.makeFolder("diff/\(name)") }
        try home.put("no layer/of mine\n", at: "layers/damaged")
        try home.path.makeFolder("layers/endless")
        // A mount that is not ours keeps them busy.
        for name in ["diff/x-removing", ".work/gone"] {
            let place = home.path.appending(name)
            try makeFolders(place.appending("busy"), mode: FilePermissions(rawValue: 0o755))
            try Mount(type: "tmpfs", source: "tmpfs").make(at: place.appending("busy"))
        }
        let driver = try home.driver(union)
        #expect(try driver.withTree(of: upper) { try paths(below: $0) } == AUFS.changed)
        #expect(throws: DriverError.self) { try driver.open(layer("damaged")) }
        for id in [upper, lower] { try driver.remove(id) }
        for place in try mounts(below: home.path) { try unmountAll(place) }
        _ = try home.driver(union)
        #expect(try listFolder(home.path.appending("diff")).filter { $0.hasSuffix("-removing") }.isEmpty)
        #expect(try listFolder(home.path.appending(".work")).isEmpty)
    }

    @Test("only servers are ended, by whatever path the home is known")
    func killsServers() throws {
        let home = try Home()
        let driver = try home.driver("fuse-overlayfs")
        let (_, upper) = try driver.makeTwo()
        guard case .folder(let tree) = try driver.open(upper) else { throw Errno.notSupported }
        // A stranger with the same folder open under the same number.
        let lock = try FolderLock(driver.work(upper))
        let null = OwnedDescriptor(try sys("open") { open("/dev/null", O_RDWR | O_CLOEXEC) })
        let stranger = try startProgram(
            "/bin/sleep",
            ["sleep", "60"],
            descriptors: [null.rawValue, null.rawValue, null.rawValue, lock.rawValue]
        )
        defer {
            kill(stranger, SIGKILL)
            var status: CInt = 0
            waitpid(stranger, &status, 0)
        }
        let link = home.folder.appending("link")
        try sys("link") { symlink(home.path.string, link.string) }
        FuseServer.kill(holding: link.appending(".work/upper"), program: driver.program)
        for _ in 0..<1000 where (try? listFolder(tree)) != nil { usleep(10_000) }
        #expect(throws: (any Error).self) { try listFolder(tree) }
        #expect(kill(stranger, 0) == 0)
        var status: CInt = 0
        #expect(waitpid(stranger, &status, WNOHANG) == 0)
        try driver.close(upper)
    }

    @Test("a layer that takes long to open or close keeps no other waiting")
    func oneLock() throws {
        let views = ViewCount()
        let (a, b) = (try layer("a"), try layer("b"))
        try views.open(a) {
            try views.open(b) {}
            #expect(views.isOpen(b))
            try views.close(b) {}
        }
        #expect(views.isOpen(a) && !views.isOpen(b))
    }
}
