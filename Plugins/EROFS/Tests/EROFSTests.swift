import Archive
import DriverChecks
import EROFSDriver
import GraphDrivers
import Linux
import SystemPackage
import Testing

@Suite(.serialized) struct EROFSTests {
    @Test("EROFS keeps its promise", arguments: Check.all)
    func keeps(_ check: Check) throws { try TestHost.run(check, on: EROFS.self) }

    private func withFolder(_ body: (FilePath) throws -> Void) throws {
        let folder = try AtomicFolder(in: TestHost.folder, prefix: "erofs-test-")
        defer { try? folder.cancel() }
        try body(folder.path)
    }

    private func options(_ way: String) -> DriverOptions { DriverOptions([("erofs.mount", way)]) }

    @Test(
        "a start that is killed at any step leaves no mount and no loop device, and its folder goes at the next start"
    )
    func killedStart() throws {
        try withFolder { place in
            let home = place.appending("erofs")
            let mounts = try HostState(below: place).held
            for call in 1..<2000 {
                let isKilled = try runKilled(beforeCall: call) {
                    _ = try? EROFS(home: home, options: options("auto"))
                }
                let held = try HostState(below: place).held
                #expect(held == mounts, "after a kill before call \(call)")
                if !isKilled { break }
                #expect(call < 1999, "the start does not end")
            }
            _ = try EROFS(home: home, options: options("auto"))
            _ = try EROFS(home: home, options: options("auto"))  // one looks beside the home, one in it
            let beside = try listFolder(place)
            #expect(beside == ["erofs"])
            let left = try listFolder(home).filter { $0.hasPrefix(".check") }
            #expect(left == [])
        }
    }

    @Test("images by loop devices: the devices are there while they are used, and gone afterwards")
    func loops() throws {
        try withFolder { place in
            let driver = try EROFS(home: place.appending("erofs"), options: options("loop"))
            #expect(driver.status.contains { $0.key == "Images Mounted By" && $0.value == "loop" })
            let id = try #require(LayerID("a"))
            try driver.create(id, parent: nil, options: LayerOptions())
            _ = try driver.apply(BufferSource([UInt8](repeating: 0, count: 1024)), to: id, parent: nil, limits: .init())
            _ = try driver.open(id)
            let held = try HostState(below: place).held
            #expect(held.contains { $0.hasPrefix("/dev/loop") })
            try driver.close(id)
            try driver.release()
            try HostState.expectNothing(below: place, "after release")
        }
    }

    @Test("another way of mounting is refused")
    func unknownWay() throws {
        try withFolder { place in
            let home = place.appending("erofs")
            let unknown = options("nbd")
            #expect(throws: DriverError.self) { _ = try EROFS(home: home, options: unknown) }
            let left = try listFolder(place)
            #expect(left == [])
        }
    }
}
