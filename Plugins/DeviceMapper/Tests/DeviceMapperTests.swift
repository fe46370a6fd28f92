import DeviceMapperDriver
import DriverChecks
import GraphDrivers
import Testing

/// The promises of all drivers.
///
/// Small, so that a tmpfs of a virtual machine has room: an xfs has 300 MB at least.
@Suite(.serialized, .enabled(if: hasThinPools, "this kernel has no thin pools")) struct DeviceMapperTests {
    @Test("DeviceMapper keeps its promise", arguments: Check.all, ["ext4", "xfs"])
    func keeps(_ check: Check, on fileSystem: String) throws {
        let options = DriverOptions([
            ("dm.fs", fileSystem), ("dm.basesize", "512M"), ("dm.loopdatasize", "4G"), ("dm.loopmetadatasize", "64M"),
        ])
        try TestHost.run(check, on: DeviceMapper.self, options: options)
    }
}
