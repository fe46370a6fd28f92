import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

// Devices that are in use when they should go, and homes that are left with containers running.

@Suite(.serialized, .enabled(if: hasThinPools, "this kernel has no thin pools"))
struct UseTests {
    /// Mounts a layer's view where other processes see it, as a container does.
    private func show(_ driver: DeviceMapper, _ id: LayerID, at place: FilePath) throws {
        guard case .mounts(let mounts) = try driver.open(id) else { throw DriverError.noSuchLayer(driver: "", id) }
        try makeFolders(place, mode: .ownerReadWriteExecute)
        try mountTree(mounts, at: place)
    }

    @Test(arguments: [FileSystem.ext4, .xfs])
    func aDeviceInUseGoesWithItsLastUser(_ kind: FileSystem) throws {
        let home = try Home(kind)
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        let (name, place) = (driver.pool.device(a), home.folder.appending("place"))
        try show(driver, a, at: place)
        try driver.close(a)
        #expect(try Control.info(name)?.isLeaving == true)
        // Wanted again meanwhile, it stays, and has its node.
        _ = try driver.open(a)
        #expect(try Control.info(name)?.isLeaving == false)
        #expect(exists(Control.node(name)))
        try driver.close(a)
        #expect(try String(decoding: readFile(place.appending("file")), as: UTF8.self) == "content")
        try unmount(place)
        #expect(try Home.soon { try Control.info(name) == nil })
        #expect(!exists(Control.node(name)))
        #expect(try driver.text(of: a) == "content")
    }

    @Test func aLayerInUseElsewhereIsDeletedLater() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.add(b, on: a)
        let place = home.folder.appending("place")
        try show(driver, b, at: place)
        try driver.close(b)
        try driver.remove(b)
        #expect(!driver.contains(b) && exists(home.record("b")))
        #expect(try String(decoding: readFile(place.appending("file")), as: UTF8.self) == "content")
        #expect(driver.status.contains { $0.key == "Deferred Deleted Device Count" && $0.value == "1" })
        #expect(throws: SystemError.self) { try driver.create(b, parent: a, options: LayerOptions()) }
        // Also a start that finds it so goes on.
        let again = try home.driver()
        #expect(!again.contains(b))
        try unmount(place)
        #expect(try Home.soon { try Control.info(driver.pool.device(b)) == nil })
        try again.close(a)
        #expect(!exists(home.record("b")))
        // And so does a new layer, which may want the room.
        try again.add(b, on: a)
        try show(again, b, at: place)
        try again.close(b)
        try again.remove(b)
        try unmount(place)
        #expect(try Home.soon { try Control.info(driver.pool.device(b)) == nil })
        try again.create(layer("c"), parent: a, options: LayerOptions())
        #expect(!exists(home.record("b")))
        try again.add(b, on: a, "new")
        #expect(try again.text(of: b) == "new")
    }

    @Test func aNumberThatWasGivenToAnotherIsLeftAlone() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        let record = try driver.existing(a)
        try driver.remove(a)
        try driver.shared.exclusively { $0.last = record.deviceID - 1 }
        try driver.add(b)
        #expect(try driver.deviceID(of: b) == record.deviceID)
        // What a `remove` does that was overtaken by another's sweep.
        try driver.shared.exclusively { try driver.end(a, record, &$0) }
        #expect(try driver.text(of: b) == "content")
    }

    @Test func withoutDeferredDeletionALayerInUseStays() throws {
        let home = try Home(.ext4, [("dm.use_deferred_deletion", "false")])
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        let place = home.folder.appending("place")
        try show(driver, a, at: place)
        try driver.close(a)
        let error = #expect(throws: SystemError.self) { try driver.remove(a) }
        #expect(error?.errno == .resourceBusy && driver.contains(a))
        try unmount(place)
        try driver.remove(a)
        #expect(!driver.contains(a) && !exists(home.record("a")))
    }

    @Test func withoutDeferredRemovalADeviceInUseIsAnError() throws {
        let home = try Home(.ext4, [("dm.use_deferred_removal", "false")])
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        let place = home.folder.appending("place")
        try show(driver, a, at: place)
        #expect(throws: SystemError.self) { try driver.close(a) }
        try unmount(place)
        try driver.close(a)
        #expect(try Control.info(driver.pool.device(a)) == nil)
    }

    @Test func openLayersOutliveTheDaemon() throws {
        let home = try Home(.xfs)
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.add(b)
        _ = try driver.open(b)
        let place = home.folder.appending("place")
        try show(driver, a, at: place)
        try driver.close(b)
        try driver.release()
        #expect(try Control.info(driver.pool.name)?.isLeaving == false)
        #expect(try Control.info(driver.pool.device(b)) == nil)
        let again = try home.driver()
        #expect(try again.open(a) == driver.open(a))
        try writeFile(Array("more".utf8), to: place.appending("file"), mode: .ownerReadWrite)
        #expect(try again.text(of: a) == "more")
        for _ in 0..<3 { try again.close(a) }
        try unmount(place)
        try again.release()
        #expect(try Home.soon { try home.isReleased(again) })
    }

    @Test func aSnapshotOfALayerInUseIsWhole() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        let place = home.folder.appending("place")
        try show(driver, a, at: place)
        try writeFile(Array("written now".utf8), to: place.appending("file"), mode: .ownerReadWrite)
        try driver.create(b, parent: a, options: LayerOptions())
        #expect(try driver.text(of: b) == "written now")
        #expect(try Control.info(driver.pool.device(a))?.isSuspended == false)
        try unmount(place)
        try driver.close(a)
    }

    @Test func aLayerIsMountedWhileASnapshotOfItIsMade() throws {
        let home = try Home()
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        _ = try driver.open(a)
        let name = driver.pool.device(a)
        try Control.suspend(name)
        let thread = try OSThread {
            usleep(500_000)
            try? Control.resume(name)
        }
        defer { thread.join() }
        #expect(try driver.text(of: a) == "content")
        try driver.close(a)
    }

    @Test(.timeLimit(.minutes(2)))
    func releaseAndOpenDoNotWaitForEachOther() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.add(b)
        _ = try driver.open(a)  // so that the pool stays
        let thread = try OSThread {
            for _ in 0..<100 {
                // The device may be told to go between the two.
                _ = try? driver.open(b)
                try? driver.close(b)
            }
        }
        for _ in 0..<100 { try driver.release() }
        thread.join()
        try driver.close(a)
        #expect(try driver.text(of: b) == "content")
    }

    @Test func releaseGivesTheLoopDevicesBack() throws {
        let home = try Home()
        let driver = try home.driver()
        try driver.add(layer("a"))
        let loops = try [driver.pool.table().data, driver.pool.table().metadata].map { try Pool.device($0) }
        let files = try loops.map { loop in
            try FilePath("/sys/block").appending(#require(loop.lastComponent)).appending("loop/backing_file")
        }
        #expect(files.allSatisfy(exists))
        try driver.release()
        #expect(try home.isReleased(driver))
        #expect(Home.soon { !files.contains(where: exists) })
    }
}
