import DriverChecks
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

@Suite(
    .serialized,
    .enabled(if: hasThinPools, "this kernel has no thin pools"),
    .enabled(if: Command.find("lvcreate") != nil && Command.find("thin_check") != nil, "lvm2 is not installed"),
    .enabled(if: (try? Command.run(["vgs", "docker"])) == nil, "there is a volume group docker")
)
struct DirectLVMTests {
    /// A loop device of a gigabyte, taken out of LVM in the end.
    private final class Disk {
        let folder = TestHost.folder.appending("varve-lvm-\(randomHex(bytes: 4))")
        let loop: LoopDevice
        var path: FilePath { loop.path }

        init() throws {
            try makeFolders(folder, mode: .ownerReadWriteExecute)
            let file = folder.appending("disk")
            try writeFile([], to: file, mode: .ownerReadWrite)
            try sys("make \(file)") { truncate(file.string, 2 << 30) }
            loop = try LoopDevice(file: file)
        }

        deinit {
            // Nobody's but what a test has made of this device.
            let group = try? Command.run(["pvs", "--noheadings", "-o", "vg_name", path.string])
            if group?.contains("docker") == true { _ = try? Command.run(["vgremove", "-f", "-y", "docker"]) }
            _ = try? Command.run(["pvremove", "-f", "-y", path.string])
            try? removeTree(folder)
        }
    }

    @Test func lvmMakesThePoolOnce() throws {
        let disk = try Disk()
        let options = [
            ("dm.directlvm_device", disk.path.string), ("dm.thinp_percent", "80"), ("dm.thinp_metapercent", "2"),
        ]
        let home = try Home(.ext4, options)
        let (a, driver) = (try layer("a"), try home.driver())
        try driver.add(a)
        #expect(driver.poolName == "docker-thinpool")
        #expect(try driver.poolBlockSize() == 512 << 10)
        #expect(try Control.table("docker-thinpool")?.text.contains("error_if_no_space") == true)
        let json =
            #"{"Device":"\#(disk.path)","ThinpPercent":80,"ThinpMetaPercent":2,"#
            + #""AutoExtendPercent":0,"AutoExtendThreshold":0}"#
        #expect(try readFile(home.path.appending("setup-config.json")) == Array(json.utf8))
        try driver.release()
        #expect(try home.driver().text(of: a) == "content")
        // As after the machine started, and without the option.
        try home.driver().release()
        try Command.run(["lvchange", "-an", "docker/thinpool"])
        let plain = try DeviceMapper(home: home.path, options: DriverOptions([("dm.fs", "ext4")]))
        #expect(try plain.text(of: a) == "content")
        try plain.release()
        let error = #expect(throws: DriverError.self) { try home.driver([("dm.thinp_percent", "70")]) }
        #expect("\(try #require(error))".contains("changing direct-lvm config is not supported"))
        let other = try Home(.ext4, options)
        let taken = #expect(throws: DriverError.self) { try other.driver() }
        #expect("\(try #require(taken))".contains("already part of a volume group"))
        #expect(!exists(other.path))
    }

    @Test func whatIsOnTheDeviceIsNotOverwritten() throws {
        let disk = try Disk()
        try Command.run(["mkfs.ext4", "-q", "-F", disk.path.string])
        let options = [("dm.directlvm_device", disk.path.string)]
        let careful = try Home(.ext4, options)
        let error = #expect(throws: DriverError.self) { try careful.driver() }
        #expect("\(try #require(error))".contains("has a filesystem (ext4)"))
        let home = try Home(.ext4, options + [("dm.directlvm_device_force", "true")])
        try home.driver().add(layer("a"))
    }

    /// What a start leaves that is killed while LVM makes the pool.
    private func writeNote(_ home: Home, of device: FilePath) throws {
        try makeFolders(home.path, mode: .ownerReadWriteExecute)
        var settings = DirectLVM.Settings()
        settings.device = device
        try writeFile(settings.json, to: home.path.appending(".setup-config.new"), mode: .ownerReadWrite)
    }

    @Test func aStrangersVolumeGroupIsLeftAlone() throws {
        let disk = try Disk()
        try Command.run(["pvcreate", "-f", "-y", disk.path.string])
        try Command.run(["vgcreate", "docker", disk.path.string])
        let options = [("dm.directlvm_device", disk.path.string)]
        let (home, forced) = (try Home(.ext4, options), try Home(.ext4, options + [("dm.directlvm_device_force", "1")]))
        // A start with another device was cut short, or none.
        try writeNote(home, of: "/dev/another")
        for home in [home, forced] {
            let error = #expect(throws: DriverError.self) { try home.driver() }
            #expect("\(try #require(error))".contains("already part of a volume group \"docker\""))
            try Command.run(["vgs", "docker"])
        }
        // The group's name is taken.
        let other = try Disk()
        let third = try Home(.ext4, [("dm.directlvm_device", other.path.string)])
        #expect(throws: Command.Failure.self) { try third.driver() }
        try Command.run(["vgs", "docker"])
        // Nothing is left on the device.
        #expect(throws: Command.Failure.self) { try Command.run(["blkid", "-p", other.path.string]) }
    }

    @Test func aSetUpThatWasCutShortBeginsAnew() throws {
        let disk = try Disk()
        let home = try Home(.ext4, [("dm.directlvm_device", disk.path.string)])
        try writeNote(home, of: disk.path)
        try Command.run(["pvcreate", "-f", "-y", disk.path.string])
        try Command.run(["vgcreate", "docker", disk.path.string])
        try Command.run(["lvcreate", "-y", "-n", "thinpool", "docker", "-l", "50%VG"])
        try home.driver().add(layer("a"))
        #expect(!exists(home.path.appending(".setup-config.new")))
    }

    @Test func aSetUpThatWasCutBeforeItsGroupBeginsAnew() throws {
        let disk = try Disk()
        let home = try Home(.ext4, [("dm.directlvm_device", disk.path.string)])
        try writeNote(home, of: disk.path)
        try Command.run(["pvcreate", "-f", "-y", disk.path.string])
        try home.driver().add(layer("a"))
    }

    @Test func aFirstStartThatFailsGivesTheDeviceBack() throws {
        let disk = try Disk()
        let options = [("dm.directlvm_device", disk.path.string)]
        let (bad, good) = (try Home(.ext4, options + [("dm.mkfsarg", "--nonsense")]), try Home(.ext4, options))
        #expect(throws: (any Error).self) { try bad.driver() }
        #expect(!exists(bad.path))
        try good.driver().add(layer("a"))
    }
}
