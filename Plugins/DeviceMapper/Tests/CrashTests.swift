import DriverChecks
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

// What a kill leaves, made by hand; the checks of all drivers kill at every system call.

@Suite(.serialized, .enabled(if: hasThinPools, "this kernel has no thin pools"))
struct CrashTests {
    @Test func anOriginLeftSuspendedGoesOn() throws {
        let home = try Home()
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        _ = try driver.open(a)
        try Control.suspend(driver.pool.device(a))
        #expect(try Control.info(driver.pool.device(a))?.isSuspended == true)
        let again = try home.driver()
        #expect(try Control.info(driver.pool.device(a))?.isSuspended == false)
        try again.close(a)
        #expect(try again.text(of: a) == "content")
        try again.release()
        #expect(try home.isReleased(again))
    }

    @Test(arguments: [FileSystem.ext4, .xfs])
    func aLayerLeftFrozenGoesOn(_ kind: FileSystem) throws {
        let home = try Home(kind)
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        guard case .mounts(let mounts) = try driver.open(a) else { throw DriverError.noSuchLayer(driver: "", a) }
        let place = home.folder.appending("place")
        try makeFolders(place, mode: .ownerReadWriteExecute)
        func freeze(_ verb: String) throws { try Command.run(["fsfreeze", verb, place.string]) }
        try mountTree(mounts, at: place)
        try freeze("--freeze")
        let again = try home.driver()
        // Thawing fails where nothing is frozen.
        #expect(throws: Command.Failure.self) { try freeze("--unfreeze") }
        // A frozen one that nobody has mounted any more keeps its device.
        try freeze("--freeze")
        try unmount(place)
        try again.close(a)
        #expect(try Control.info(driver.pool.device(a)) != nil)
        try home.driver().release()
        #expect(try Home.soon { try home.isReleased(again) })
    }

    @Test func aDeviceWithoutATableIsMadeAnew() throws {
        let home = try Home()
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        for name in [driver.pool.device(a), driver.pool.device(nil)] { try Control.createEmpty(name) }
        #expect(try driver.text(of: a) == "content")
        try driver.release()
        try Control.createEmpty(driver.pool.name)
        #expect(try home.driver().text(of: a) == "content")
    }

    @Test func aCutCreateIsUndone() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        let before = try driver.pool.status()
        // Once with the record, once without.
        for record in [DeviceRecord(deviceID: 77, size: 320 << 20, transaction: before.transaction + 1), nil] {
            let now = try driver.pool.status().transaction
            try driver.records.write(TransactionRecord(transaction: now + 1, device: "b", deviceID: 77))
            try driver.pool.message("create_snap 77 \(driver.deviceID(of: a))")
            if let record { try driver.records.write(record, for: b) }
            let again = try home.driver()
            #expect(!again.contains(b) && !exists(home.record("b")))
            #expect(throws: SystemError.self) { try driver.pool.message("delete 77") }
            #expect(try again.pool.status().transaction == now + 1)
        }
        #expect(try driver.text(of: a) == "content")
    }

    @Test func aCutRemoveIsFinished() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.add(b, on: a)
        let number = try driver.deviceID(of: b)
        let now = try driver.pool.status().transaction
        try driver.records.write(TransactionRecord(transaction: now + 1, device: "b", deviceID: number))
        try driver.pool.message("delete \(number)")
        #expect(try !home.driver().contains(b))
        #expect(try driver.text(of: a) == "content")
    }

    /// The pool gets the number of a deletion later: until then each start does it again.
    @Test func aDeletionCanBeDoneTwice() throws {
        let home = try Home()
        let (a, b, c) = (try layer("a"), try layer("b"), try layer("c"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.add(b, on: a)
        try driver.remove(b)
        let again = try home.driver()
        #expect(try !again.contains(b) && again.text(of: a) == "content")
        // The same name, and the next one, are other layers.
        try again.add(b, on: a)
        try again.remove(b)
        try again.add(b, on: a, "another")
        #expect(try home.driver().text(of: b) == "another")
        try again.remove(b)
        try again.add(c, on: a)
        #expect(try home.driver().text(of: c) == "content")
        try again.remove(c)
        // In the end nothing is open.
        _ = try again.open(a)
        try again.release()
        #expect(try again.pool.status().transaction == again.records.transaction()?.transaction)
        try again.close(a)
    }

    @Test func aNumberThatIsAnothersIsNotDeleted() throws {
        let home = try Home()
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        let now = try driver.pool.status().transaction
        let number = try driver.deviceID(of: a)
        try driver.records.write(TransactionRecord(transaction: now + 1, device: "b", deviceID: number))
        let again = try home.driver()
        #expect(try again.text(of: a) == "content")
    }

    @Test func damagedAndStrayFilesConcernTheirLayerOnly() throws {
        let home = try Home()
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.release()
        for (name, text) in [("b", "{"), (".tmp123", "{\"dev"), (".tmp-a12", ""), ("transaction-metadata", "")] {
            try writeFile(Array(text.utf8), to: home.record(name), mode: .ownerReadWrite)
        }
        let again = try home.driver()
        #expect(try again.text(of: a) == "content")
        #expect(throws: DriverError.self) { try again.open(b) }
        #expect(throws: DriverError.self) { try again.create(b, parent: nil, options: LayerOptions()) }
        try again.remove(b)
        #expect(!again.contains(b) && !exists(home.record("b")) && !exists(home.record(".tmp123")))
        try again.add(b)
    }

    @Test func nodesAndFilesOfAKilledDaemonGo() throws {
        let home = try Home()
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        let stray = [Control.node(driver.pool.device(a)), home.path.appending(".tmp-.setup-config.new0123456789ab")]
        mknod(stray[0].string, S_IFBLK | 0o600, 0)
        try writeFile([], to: stray[1], mode: .ownerReadWrite)
        #expect(stray.allSatisfy(exists))
        let again = try home.driver()
        #expect(!stray.contains(where: exists))
        #expect(try again.text(of: a) == "content")
    }

    @Test func aBaseHalfMadeIsMadeAnew() throws {
        let home = try Home()
        let driver = try home.driver()
        var base = try #require(try driver.records.device(nil))
        base.isInitialized = false
        try driver.records.write(base, for: nil)
        let again = try home.driver()
        #expect(try again.records.device(nil)?.isInitialized == true)
        try again.add(layer("a"))
        #expect(try again.pool.status().data.used < 4000)
    }

    @Test func aStartThatFailsLeavesWhatAnotherBegan() throws {
        let home = try Home(.ext4, [("dm.thinpooldev", "varve-no-such-pool")])
        try makeFolders(home.path, mode: .ownerReadWriteExecute)
        let lock = try FileDescriptor.open(home.path, .readOnly)
        try sys("lock") { flock(lock.rawValue, LOCK_EX) }
        let path = home.path
        let options = home.options
        let thread = try OSThread { _ = try? DeviceMapper(home: path, options: DriverOptions(options)) }
        // It waits for the lock, and has seen the home empty.
        usleep(500_000)
        try writeFile([], to: home.path.appending("another's"), mode: .ownerReadWrite)
        try lock.close()
        thread.join()
        #expect(exists(home.path.appending("another's")))
    }

    @Test func aFirstStartThatFailsLeavesNothing() throws {
        let home = try Home(.ext4, [("dm.mkfsarg", "--no-such-argument")])
        #expect(throws: (any Error).self) { try home.driver() }
        #expect(!exists(home.path))
        try HostState.expectNothing(below: home.path.removingLastComponent(), "after the failed start")
        try makeFolders(home.path, mode: .ownerReadWriteExecute)
        #expect(throws: (any Error).self) { try home.driver() }
        #expect(try listFolder(home.path).isEmpty)
    }
}

extension Control {
    /// A device that was made, and got no table: what a kill between two requests leaves.
    fileprivate static func createEmpty(_ name: String) throws {
        try Command.run(["dmsetup", "create", name, "--notable"])
    }
}
