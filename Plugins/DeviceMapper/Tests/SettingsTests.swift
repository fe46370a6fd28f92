import GraphDrivers
import SystemPackage
import Testing

@testable import DeviceMapperDriver

private func settings(_ options: String...) throws -> Settings { try Settings(DriverOptions(parsing: options)) }

@Test func defaultsAreDockers() throws {
    let found = try settings()
    #expect(found.baseSize == nil && Settings.defaultBaseSize == 10 << 30)
    #expect(Settings.defaultDataSize == 100 << 30 && Settings.defaultMetadataSize == 2 << 30)
    #expect(found.blockSectors == 128 && found.minimumFree == 10)
    #expect(found.isRemovalDeferred && found.isDeletionDeferred)
    #expect(found.needsFiles && found.fileSystem == nil && found.discards == nil)
}

@Test func allOptionsAreRead() throws {
    let found = try settings(
        "dm.basesize=20G",
        "DM.LoopDataSize=1t",
        "dm.loopmetadatasize=4g",
        "dm.fs=xfs",
        "dm.mkfsarg=-m crc=1",
        "dm.mkfsarg=-q",
        "dm.mountopt=nodiscard,noatime",
        "dm.blocksize=512K",
        "dm.blkdiscard=false",
        "dm.override_udev_sync_check=true",
        "dm.min_free_space=5%",
        "dm.xfs_nospace_max_retries=3",
        "dm.libdm_log_level=7",
        "dm.datadev=/dev/sdb",
        "dm.metadatadev=/dev/sdc"
    )
    #expect(found.baseSize == 20 << 30 && found.loopDataSize == 1 << 40 && found.loopMetadataSize == 4 << 30)
    #expect(found.fileSystem == .xfs && found.makeArguments == ["-m crc=1", "-q"])
    #expect(found.mountOptions == ["nodiscard", "noatime"] && found.blockSectors == 1024)
    #expect(found.discards == false && found.minimumFree == 5 && found.xfsRetries == 3 && found.logLevel == 7)
    #expect(found.dataDevice == "/dev/sdb" && found.metadataDevice == "/dev/sdc" && !found.needsFiles)
}

@Test func poolIsNamedWithAndWithoutItsFolder() throws {
    #expect(try settings("dm.thinpooldev=/dev/mapper/docker-thinpool").poolName == "docker-thinpool")
    #expect(try settings("dm.thinpooldev=docker-thinpool").poolName == "docker-thinpool")
}

@Test func removalDecidesOnDeletion() throws {
    #expect(try !settings("dm.use_deferred_removal=false").isDeletionDeferred)
    #expect(try settings("dm.use_deferred_deletion=false").isRemovalDeferred)
    #expect(throws: DriverError.self) {
        try settings("dm.use_deferred_removal=false", "dm.use_deferred_deletion=true")
    }
}

@Test(arguments: [
    "dm.fs=btrfs", "dm.basesize=ten", "dm.basesize=0", "dm.blocksize=100K", "dm.blocksize=2G", "dm.blkdiscard=yes",
    "dm.min_free_space=10", "dm.min_free_space=100%", "dm.min_free_space=-1%", "dm.libdm_log_level=1",
    "dm.libdm_log_level=8", "dm.thinpooldev=/dev/vg/pool", "dm.thinpooldev=", "dm.datadev=sdb",
    "dm.xfs_nospace_max_retries=x", "dm.thinp_percent=95", "dm.thinp_metapercent=0", "dm.thinp_autoextend_percent=101",
])
func nonsenseIsRefused(_ option: String) throws {
    let error = #expect(throws: DriverError.self) { try settings(option) }
    guard case .invalidOption(_, let key, _) = error else {
        Issue.record("\(option): \(String(describing: error))")
        return
    }
    #expect(option.hasPrefix(key))
}

@Test func unknownOptionIsRefused() {
    #expect(throws: DriverError.unknownOption(driver: "devicemapper", key: "dm.no_such")) {
        try settings("dm.no_such=1")
    }
}

@Test func directLVMStandsAlone() throws {
    let found = try settings("dm.directlvm_device=/dev/sdb", "dm.thinp_percent=90", "dm.thinp_metapercent=2")
    #expect(found.direct.device == "/dev/sdb" && found.direct.dataPercent == 90 && !found.needsFiles)
    #expect(throws: DriverError.self) { try settings("dm.directlvm_device=/dev/sdb", "dm.thinpooldev=p") }
    #expect(throws: DriverError.self) { try settings("dm.thinp_percent=95", "dm.thinp_metapercent=6") }
}

@Test func sizesAreShownAsDockerDoes() {
    let wanted: [UInt64: String] = [
        0: "0B", 999: "999B", 65_536: "65.54kB", 10_737_418_240: "10.74GB", 107_374_182_400: "107.4GB",
        2_147_483_648: "2.147GB", 1_000_000: "1MB",
    ]
    for (bytes, text) in wanted { #expect(DeviceMapper.human(bytes) == text) }
}
