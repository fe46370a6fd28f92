import Archive
import DriverChecks
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

// Which pool a home has, how large it is, and what happens when it is full.

@Suite(.serialized, .enabled(if: hasThinPools, "this kernel has no thin pools"))
struct PoolTests {
    @Test(arguments: [FileSystem.ext4, .xfs])
    func aFullPoolIsAnErrorAndNoHang(_ kind: FileSystem) throws {
        let home = try Home(kind, [("dm.loopdatasize", "192M"), ("dm.basesize", "512M")])
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        let block = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(throws: (any Error).self) {
            try driver.withTree(of: a) { tree in
                for number in 0..<250 {
                    let file = tree.appending("big\(number)")
                    try writeFile(block, to: file, mode: .ownerReadWrite, flush: true)
                }
            }
        }
        let refusal = #expect(throws: RoomError.self) { try driver.create(b, parent: nil, options: LayerOptions()) }
        #expect("\(try #require(refusal))".contains("varve driver grow"))
        #expect(!driver.contains(b))
        try driver.remove(a)
        try driver.add(b)
        #expect(try driver.text(of: b) == "content")
    }

    @Test func aLayerThatDoesNotFitIsNotThereUnnoticed() throws {
        let home = try Home(.ext4, [("dm.loopdatasize", "192M"), ("dm.basesize", "512M")])
        let (a, b) = (try layer("a"), try layer("b"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.create(b, parent: a, options: LayerOptions())
        let tar = try Self.tar(of: 230, in: home.folder)
        #expect(throws: (any Error).self) {
            _ = try driver.apply(FileSource(opening: tar), to: b, parent: a, limits: .init())
        }
        try driver.remove(b)
        #expect(try driver.text(of: a) == "content")
    }

    /// A tar with one file that nothing can make smaller.
    private static func tar(of megabytes: Int, in folder: FilePath) throws -> FilePath {
        let big = folder.appending("big").string
        try Command.run(["dd", "if=/dev/urandom", "of=\(big)", "bs=1M", "count=\(megabytes)"])
        try Command.run(["tar", "cf", "\(big).tar", "-C", folder.string, "big"])
        unlink(big)
        return FilePath("\(big).tar")
    }

    @Test func itGrowsWhileItIsInUse() throws {
        let home = try Home()
        let a = try layer("a")
        let driver = try home.driver()
        try driver.add(a)
        _ = try driver.open(a)
        let before = try driver.pool.status()
        let options = DriverOptions(home.options)
        try DeviceMapper.grow(home: home.path, options: options, dataBytes: 3 << 30, metadataBytes: 64 << 20)
        let after = try driver.pool.status()
        #expect(before.data.total == 32768 && after.data.total == 49152)
        #expect(before.metadata.total == 8192 && after.metadata.total == 16384)
        #expect(throws: DriverError.self) {
            try DeviceMapper.grow(home: home.path, options: options, dataBytes: 1 << 30, metadataBytes: nil)
        }
        #expect(try driver.text(of: a) == "content")
        // Once more to the same size, and what a kill after the first step leaves.
        try DeviceMapper.grow(home: home.path, options: options, dataBytes: 3 << 30, metadataBytes: 64 << 20)
        try sys("grow") { truncate(home.path.appending("devicemapper/data").string, 4 << 30) }
        #expect(try home.driver().pool.status().data.total == 65536)
        // The same of the metadata alone.
        try sys("grow") { truncate(home.path.appending("devicemapper/metadata").string, 96 << 20) }
        #expect(try home.driver().pool.status().metadata.total == 24576)
        try driver.close(a)
        try driver.release()
        try DeviceMapper.grow(home: home.path, options: options, dataBytes: 5 << 30, metadataBytes: nil)
        let again = try home.driver()
        #expect(try again.pool.status().data.total == 81920)
        #expect(try again.text(of: a) == "content")
    }

    @Test func anotherPoolIsNoticed() throws {
        let home = try Home()
        let driver = try home.driver()
        try driver.add(layer("a"))
        try driver.release()
        let files = home.path.appending("devicemapper")
        try removeTree(files)
        let error = #expect(throws: (any Error).self) { try home.driver() }
        #expect("\(try #require(error))".contains("another"))
        #expect(exists(home.record("a")))
        try removeTree(files)
        // A pool with a base of its own, of the same number, and at the step before this one's last.
        let other = try Home()
        try other.driver().release()
        try rename(other.path.appending("devicemapper"), to: files)
        let mismatch = #expect(throws: DriverError.self) { try home.driver() }
        #expect("\(try #require(mismatch))".contains("does not match with stored UUID"))
        #expect(try home.unstarted().records.device(layer("a")) != nil)
    }

    @Test func aStrangersPoolOfTheSameNameIsRefusedOrReplaced() throws {
        let home = try Home()
        let driver = try home.driver()
        try driver.release()
        try Stranger.use(named: driver.pool.name, in: home.folder) { stranger in
            let user = try FileDescriptor.open(Control.node(driver.pool.name), .readOnly)
            let refusal = #expect(throws: DriverError.self) { try home.driver() }
            #expect("\(try #require(refusal))".contains("not made of this home's files"))
            try user.close()
            _ = try home.driver()
            #expect(try Control.table(driver.pool.name)?.text.contains(stranger) == false)
        }
    }

    @Test func aPoolOfTheUsersIsTakenIfItIsNewAndStays() throws {
        let name = "varve-test-\(randomHex(bytes: 4))"
        let home = try Home(.ext4, [("dm.thinpooldev", "/dev/mapper/\(name)")])
        #expect(throws: DriverError.self) { try home.driver() }
        #expect(!exists(home.path))
        try Stranger.use(named: name, in: home.folder) { _ in
            let (a, driver) = (try layer("a"), try home.driver())
            try driver.add(a)
            #expect(driver.status.first?.value == name)
            #expect(throws: DriverError.self) {
                try DeviceMapper.grow(
                    home: home.path,
                    options: DriverOptions(home.options),
                    dataBytes: 8 << 30,
                    metadataBytes: nil
                )
            }
            try driver.release()
            #expect(try Control.info(name) != nil)
            #expect(!exists(home.path.appending("devicemapper")))
            #expect(try home.driver().text(of: a) == "content")
            // Somebody else's pool: not this home's.
            let other = try Home(.ext4, [("dm.thinpooldev", name)])
            let refusal = #expect(throws: DriverError.self) { try other.driver() }
            #expect("\(try #require(refusal))".contains("already has used data blocks"))
            #expect(!exists(other.path))
            // Also where a step is left of a home that was deleted in part: here one that would delete the base.
            let number = try #require(try driver.records.device(nil)).deviceID
            let now = try driver.pool.status().transaction
            for (step, device) in [(1, "x"), (now, ""), (now + 1, "")] {
                try makeFolders(other.path.appending("metadata"), mode: .ownerReadWriteExecute)
                let record = TransactionRecord(transaction: step, device: device, deviceID: number)
                try other.unstarted().records.write(record)
                let again = #expect(throws: DriverError.self) { try other.driver() }
                #expect("\(try #require(again))".contains("already has used data blocks"))
            }
            #expect(try home.driver().text(of: a) == "content")
            try home.driver().release()
        }
    }

    @Test func aFirstStartThatFailsLeavesThePoolOfTheUsersNew() throws {
        let name = "varve-test-\(randomHex(bytes: 4))"
        let options = [("dm.thinpooldev", name)]
        let (bad, good) = (try Home(.ext4, options + [("dm.mkfsarg", "--nonsense")]), try Home(.ext4, options))
        try Stranger.use(named: name, in: good.folder) { _ in
            for _ in 0..<2 {
                #expect(throws: Command.Failure.self) { try bad.driver() }
                #expect(!exists(bad.path))
            }
            try good.driver().add(layer("a"))
            try good.driver().release()
        }
    }

    @Test func aFailedPoolIsCalledSo() throws {
        let folder = TestHost.folder.appending("varve-devices-\(randomHex(bytes: 4))")
        try makeFolders(folder, mode: .ownerReadWriteExecute)
        defer { try? removeTree(folder) }
        let disk = try Stranger.device("meta", 16 << 20, folder)
        let name = "varve-test-\(randomHex(bytes: 4))"
        try Control.create(name, .init(length: 32768, type: "linear", text: "\(disk.path) 0"))
        defer { try? Control.remove(name) }
        let home = try Home(.ext4, [("dm.metadatadev", Control.node(name).string)])
        let (a, b, driver) = (try layer("a"), try layer("b"), try home.driver())
        try driver.add(a)
        try Control.load(name, .init(length: 32768, type: "error", text: ""))
        try Control.suspend(name, isPlain: true)
        try Control.resume(name)
        // The first one meets the failure.
        try? driver.create(b, parent: a, options: LayerOptions())
        let step = TransactionRecord(transaction: 9, device: "b", deviceID: 9)
        let rollBack = { try driver.shared.exclusively { try driver.rollBack(step, &$0) } }
        for step in [{ try driver.create(b, parent: a, options: LayerOptions()) }, rollBack] {
            let error = #expect(throws: DriverError.self) { try step() }
            #expect("\(try #require(error))".contains("the pool is in the mode"))
        }
        try driver.release()
        withExtendedLifetime(disk) {}
    }

    @Test func blockDevicesTakeTheFilesPlace() throws {
        let folder = TestHost.folder.appending("varve-devices-\(randomHex(bytes: 4))")
        try makeFolders(folder, mode: .ownerReadWriteExecute)
        defer { try? removeTree(folder) }
        let (data, metadata) = (
            try Stranger.device("data", 1 << 30, folder), try Stranger.device("meta", 16 << 20, folder)
        )
        let home = try Home(.xfs, [("dm.datadev", data.path.string), ("dm.metadatadev", metadata.path.string)])
        let (a, driver) = (try layer("a"), try home.driver())
        try driver.add(a)
        #expect(!exists(home.path.appending("devicemapper")))
        #expect(try home.driver().text(of: a) == "content")
        try driver.release()
        #expect(try home.isReleased(driver))
        #expect(try home.driver().text(of: a) == "content")
        withExtendedLifetime((data, metadata)) {}
    }
}

/// Pools and devices that are not the driver's.
private enum Stranger {
    final class Device {
        let loop: LoopDevice
        var path: FilePath { loop.path }
        init(_ file: FilePath) throws { loop = try LoopDevice(file: file) }
    }

    static func device(_ name: String, _ size: Int, _ folder: FilePath) throws -> Device {
        let file = folder.appending("stranger-\(name)")
        try writeFile([], to: file, mode: .ownerReadWrite)
        try sys("make \(file)") { truncate(file.string, off_t(size)) }
        return try Device(file)
    }

    /// Makes a pool for as long as `body` runs, which gets the number of its data device.
    static func use(named name: String, in folder: FilePath, _ body: (String) throws -> Void) throws {
        let (data, metadata) = (try device("data", 2 << 30, folder), try device("metadata", 16 << 20, folder))
        let text = "\(metadata.path) \(data.path) 128 32768 1 skip_block_zeroing"
        try Control.create(name, .init(length: 2 << 21, type: "thin-pool", text: text))
        defer { try? Control.remove(name, deferred: true) }  // it may have been replaced
        try body(#require(try Control.table(name).flatMap { PoolTable($0.text) }).data)
    }
}
