// The thin pool: a device of the device mapper that keeps any number of thin devices in one data device, and remembers
// which blocks are whose in another.

import GraphDrivers
import Linux
import SystemPackage

/// The pool of one home.
struct Pool: Sendable {
    /// `docker-254:1-1234-pool`, or what `dm.thinpooldev` says.
    let name: String
    /// Begins the names of the home's devices: `docker-254:1-1234`.
    let prefix: String
    /// Made by the driver and removed by it; else the user's.
    let isOwn: Bool

    /// Docker's name for the home with these numbers, `st_dev` and `st_ino`.
    static func prefix(device: UInt64, inode: UInt64) -> String {
        // The old encoding, 12 bits and 20: that is how Docker takes st_dev apart.
        let major = (device >> 8) & 0xfff
        let minor = (device & 0xff) | ((device >> 12) & 0xf_ff00)
        return "docker-\(major):\(minor)-\(inode)"
    }

    /// The name of a layer's device, or of the base's (nil).
    func device(_ id: LayerID?) -> String { "\(prefix)-\(id?.description ?? "base")" }

    /// What the pool says of itself, after it has written all that it knows to its disks.
    func status() throws -> PoolStatus { try status(isPlain: false) }

    /// What the pool knows, at the price of the question: all is as it will be written, but for blocks that were freed
    /// a moment ago, which count as used.
    func knowledge() throws -> PoolStatus { try status(isPlain: true) }

    private func status(isPlain: Bool) throws -> PoolStatus {
        guard let target = try Control.status(name, isPlain: isPlain), target.type == "thin-pool",
            let status = PoolStatus(target.text)
        else { throw SystemError("read the status of the pool \(name)", .noSuchAddressOrDevice) }
        return status
    }

    /// What the pool is made of.
    func table() throws -> PoolTable {
        guard let target = try Control.table(name), target.type == "thin-pool", let table = PoolTable(target.text)
        else { throw SystemError("read the table of the pool \(name)", .noSuchAddressOrDevice) }
        return table
    }

    func message(_ text: String) throws(SystemError) { try Control.message(text, to: name) }

    /// Lets go what a reader of the metadata kept.
    func dropSnapshot() throws {
        if try knowledge().heldRoot != nil { try message("release_metadata_snap") }
    }

    /// The block device with the number `7:0`.
    static func device(_ number: String) throws -> FilePath {
        let text = String(
            decoding: try readFile(FilePath("/sys/dev/block/\(number)/uevent"), limit: 4096),
            as: UTF8.self
        )
        for line in text.split(separator: "\n") where line.hasPrefix("DEVNAME=") {
            return FilePath("/dev").appending(String(line.dropFirst(8)))
        }
        throw SystemError("find the block device \(number)", .noSuchAddressOrDevice)
    }

    /// Throws where nothing can be made or deleted in the pool.
    func requireHealth() throws { try requireHealth(of: status()) }

    /// The same of a status that is known already.
    func requireHealth(of status: PoolStatus) throws {
        let remedy: String
        switch status.mode {
        case .works, .isFull:
            if !status.needsCheck { return }
            remedy = Self.repair
        case .hasFullMetadata: remedy = "there is no room for metadata; varve driver grow --metadata-size SIZE"
        case .readOnly, .failed: remedy = Self.repair
        }
        let flag = status.needsCheck ? ", needs_check" : ""
        let reason = "the pool is in the mode '\(status.mode.rawValue)'\(flag): \(remedy)"
        throw DriverError.damaged(driver: DeviceMapper.name, Control.node(name), reason: reason)
    }

    private static let repair =
        "its metadata are damaged or could not be written; stop the daemon, deactivate the pool, run thin_check and "
        + "thin_repair (package thin-provisioning-tools) on the metadata, and start again: docs/drivers/devicemapper.md"
}
