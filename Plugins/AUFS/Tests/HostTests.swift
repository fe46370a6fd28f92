import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import AUFSDriver

/// A host that can't run it says why and what to do, and gets no file of it.
@Suite(.serialized) struct HostTests {
    private func error(_ options: [(key: String, value: String)], home: FilePath) -> String {
        do {
            _ = try AUFS(home: home, options: DriverOptions(options))
            return "no error"
        } catch { return "\(error)" }
    }

    @Test(
        "options that make no sense",
        arguments: [
            ("aufs.union", "unionfs", "'unionfs' is none of aufs, overlayfs, fuse-overlayfs"),
            (
                "aufs.mount_program", "/no/such/program",
                "'/no/such/program' is no program; give the path of fuse-overlayfs"
            ),
            ("aufs.mount_program", "fuse-overlayfs", "'fuse-overlayfs' is no program; give the path of fuse-overlayfs"),
            ("aufs.size", "1G", "aufs: unknown option aufs.size"),
        ]
    )
    func options(_ key: String, _ value: String, _ wanted: String) throws {
        let home = try Home()
        #expect(error([(key: key, value: value)], home: home.path).contains(wanted))
        #expect(try listFolder(home.folder).isEmpty)
    }

    @Test("a layer has no limit of its own")
    func size() throws {
        let driver = try Home().driver("overlayfs")
        let options = LayerOptions(isWritable: true, storage: ["size": "1G"])
        let error = #expect(throws: DriverError.self) { try driver.create(layer("a"), parent: nil, options: options) }
        #expect("\(try #require(error))".contains("--storage-opt is not supported for aufs"))
    }

    @Test("a kernel without aufs, where only that will do", .enabled(if: !AufsMount.isInKernel))
    func noAufs() throws {
        let home = try Home()
        let text = error([(key: "aufs.union", value: "aufs")], home: home.path)
        #expect(text.hasPrefix("storage driver aufs: aufs does not work here: "))
        #expect(text.contains("No such device") && text.contains("leave aufs.union out"))
        #expect(try listFolder(home.folder).isEmpty)
    }

    @Test("a program that is not fuse-overlayfs")
    func otherProgram() throws {
        let home = try Home()
        let options = [(key: "aufs.union", value: "fuse-overlayfs"), (key: "aufs.mount_program", value: "/bin/false")]
        let text = error(options, home: home.path)
        #expect(text.hasPrefix("storage driver aufs: fuse-overlayfs does not work here: start /bin/false: "))
        #expect(try listFolder(home.folder).isEmpty)
    }

    @Test("a file system that can't be written to", arguments: unions + ["any"])
    func readOnly(_ union: String) throws {
        let home = try Home()
        let place = home.folder.appending("place")
        try makeFolders(place, mode: FilePermissions(rawValue: 0o700))
        try Mount(type: "tmpfs", source: "tmpfs", options: ["ro"]).make(at: place)
        let options = union == "any" ? [] : [(key: "aufs.union", value: union)]
        let text = error(options, home: place.appending("home"))
        #expect(text.contains("branches can't be made in \(place)") && text.contains("Read-only file system"))
        #expect(text.contains("put the data root on"))
        #expect(try listFolder(place).isEmpty)
    }

    @Test("a host where overlayfs can't write has fuse-overlayfs")
    func onOverlay() throws {
        let home = try Home()
        for name in ["lower", "upper", "work", "place"] { try home.folder.makeFolder(name) }
        let parts = ["lowerdir=", "upperdir=", "workdir="].map {
            $0 + home.folder.appending(String($0.dropLast(4))).string
        }
        let place = home.folder.appending("place")
        try Mount(type: "overlay", source: "overlay", options: parts).make(at: place)
        let text = error([(key: "aufs.union", value: "overlayfs")], home: place.appending("home"))
        #expect(text.hasPrefix("storage driver aufs: overlayfs does not work here: "))
        #expect(try listFolder(place).isEmpty)
        let driver = try AUFS(home: place.appending("home"), options: DriverOptions())
        #expect(driver.union.description == "fuse-overlayfs (/usr/bin/fuse-overlayfs)")
        let (_, upper) = try driver.makeTwo()
        #expect(try driver.withTree(of: upper) { try paths(below: $0) } == AUFS.changed)
    }

    @Test("mount options of aufs: Docker's, with more branches than a page holds appended")
    func mountOptions() {
        let few = AufsMount.steps(branches: ["/d/a", "/d/b", "/d/c"], true)
        #expect(few == ["br:/d/a=rw:/d/b=ro+wh:/d/c=ro+wh,dio,xino=/dev/shm/aufs.xino,dirperm1"])
        #expect(AufsMount.steps(branches: ["/d/a"], false) == ["br:/d/a=rw,dio,xino=/dev/shm/aufs.xino"])
        let name = String(repeating: "0123456789abcdef", count: 4)
        let many = (0..<AUFS.mostBranches).map { "/var/lib/varve/aufs/diff/\(name)\($0)" }
        let steps = AufsMount.steps(branches: many, true)
        #expect(steps.count > 2 && steps.allSatisfy { $0.utf8.count < 4096 })
        #expect(steps.dropFirst().allSatisfy { $0.hasPrefix("append:/var") && $0.hasSuffix("=ro+wh,") })
        let named = steps.flatMap { $0.split { ":,".contains($0) } }.filter { $0.hasPrefix("/") }
        #expect(named.map { $0.split(separator: "=")[0] } == many.map { $0[...] })
    }
}
