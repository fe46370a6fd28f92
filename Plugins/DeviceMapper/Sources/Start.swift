// A start, in order: can this host do it, whose pool is it, what was cut short, and is the base there.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// The sparse files of a pool of the driver's own, and their sizes if they are made.
    var files: (data: (path: FilePath, size: UInt64), metadata: (path: FilePath, size: UInt64)) {
        let folder = home.appending("devicemapper")
        return (
            (folder.appending("data"), Settings.defaultDataSize),
            (folder.appending("metadata"), Settings.defaultMetadataSize)
        )
    }

    /// Bytes that must be free beside a sparse file: its pool's metadata, and the base's file system.
    static let least: UInt64 = 128 << 20

    /// Throws where this host has no device mapper with thin pools.
    static func requireHost(_ settings: Settings) throws {
        func unsupported(_ reason: String, _ remedy: String) -> DriverError {
            .unsupported(driver: name, reason: reason, remedy: remedy)
        }
        guard geteuid() == 0 else { throw unsupported("only root can use the device mapper", "run the daemon as root") }
        Control.show(level: settings.logLevel)
        do { _ = try Control.driverVersion() } catch {
            throw unsupported(
                "this kernel has no device mapper (\(error))",
                "load it: modprobe dm_mod; or choose another driver"
            )
        }
        for target in ["thin-pool", "thin"] {
            do { try Control.require(target: target) } catch {
                throw unsupported(
                    "this kernel's device mapper has no \(target) (\(error))",
                    "load it: modprobe dm_thin_pool; or choose another driver"
                )
            }
        }
        if settings.fileSystem == nil { _ = try FileSystem.best() }
    }

    /// Throws where sparse files would have no room beside them.
    static func requireDisk(_ folder: FilePath) throws {
        let free = try hostRoom(folder)
        guard free < least else { return }
        throw DriverError.unsupported(
            driver: name,
            reason: "only \(free >> 20) MB are free in \(folder), where the pool's files would be",
            remedy: "make room, give a pool with dm.thinpooldev, or choose another driver"
        )
    }

    /// Bytes free in the file system that holds `folder`.
    static func hostRoom(_ folder: FilePath) throws -> UInt64 {
        var status = statvfs()
        try sys("look at the room in \(folder)") { statvfs(folder.string, &status) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// Brings the home up; what is half done of an earlier run is finished or undone.
    static func start(_ driver: DeviceMapper, hadHome: Bool) throws -> FileSystem {
        try driver.shared.exclusively { state in
            // Another may have begun the home a moment ago.
            let isNew = try listFolder(driver.home).isEmpty
            do { return try start(driver, &state) } catch {
                if isNew { undo(driver, &state, hadHome: hadHome) }
                throw error
            }
        }
    }

    private static func start(_ driver: DeviceMapper, _ state: inout Shared.State) throws -> FileSystem {
        try driver.makeFolders()
        try driver.records.clean()
        try driver.removeLeftovers()
        let found = try driver.startPool()
        try driver.pool.requireHealth()
        try driver.resumeAll()
        try driver.pool.dropSnapshot()
        try driver.load(&state)
        if let step = try driver.records.transaction() { try driver.rollBack(step, &state) }
        driver.sweep(&state)
        if found.wasActive { try driver.growToOptions() }
        return try startBase(driver, found, &state)
    }

    private func makeFolders() throws {
        let mode = FilePermissions(rawValue: 0o700)
        try Linux.makeFolders(records.folder, mode: mode)
        if pool.isOwn, settings.dataDevice == nil || settings.metadataDevice == nil {
            try Linux.makeFolders(home.appending("devicemapper"), mode: mode)
        }
    }

    /// A kill may leave the node of a device that is gone, and a file on its way into the home.
    private func removeLeftovers() throws {
        try removeAsides(in: home)
        let known = try Set(Control.names())
        let nodes = (try? listFolder("/dev/mapper")) ?? []  // made with the first one
        for name in nodes where name.hasPrefix(pool.prefix + "-") && !known.contains(name) {
            unlink(Control.node(name).string)
        }
    }

    /// A kill while a snapshot was made leaves its origin suspended, and who writes to that hangs; one while a file
    /// system was settled leaves it frozen, at worst. The base is not for use.
    private func resumeAll() throws {
        let kind = try FileSystem(rawValue: records.deviceSet().baseFileSystem)
        for name in try activeDevices() {
            guard let info = try Control.info(name), info.isComplete else { continue }
            if info.isSuspended { try Control.resume(name) }
            guard info.openCount > 0, let kind else { continue }
            // The node goes when the device is told to go.
            let node = exists(Control.node(name)) ? Control.node(name) : FilePath("/dev/dm-\(info.minor)")
            try? kind.thaw(node)
        }
        try pool.deactivate(pool.device(nil), deferred: true)
    }

    /// The names of this home's devices that are there now, without the pool.
    func activeDevices() throws -> [String] {
        try Control.names().filter { $0.hasPrefix(pool.prefix + "-") && $0 != pool.name }
    }

    /// Which numbers are taken, and what is to be deleted. A record that nobody can read concerns its layer only.
    private func load(_ state: inout Shared.State) throws {
        state.used = []
        state.leaving = []
        state.last = try records.deviceSet().nextDeviceID
        for id in try records.layers() {
            guard let record = try? records.device(id) else { continue }
            state.used.insert(record.deviceID)
            if record.isDeleted { state.leaving.insert(id) }
        }
        if let base = try records.device(nil) { state.used.insert(base.deviceID) }
    }

    /// Makes a pool of the user's as new as it was: it is taken only if it never had a transaction.
    private func resetTransaction() throws {
        // Without a step of ours it is as it was found.
        guard !pool.isOwn, try records.transaction() != nil else { return }
        let status = try pool.status()
        guard status.data.used == 0, status.transaction != 0 else { return }
        try pool.message("set_transaction_id \(status.transaction) 0")
    }

    /// Undoes a first start that failed: what was there before stays.
    private static func undo(_ driver: DeviceMapper, _ state: inout Shared.State, hadHome: Bool) {
        // All of this is to leave nothing; the error to report is the one that led here.
        try? driver.resetTransaction()
        try? driver.release(&state, but: [])
        DirectLVM(home: driver.home, settings: driver.settings.direct).undo()
        for name in (try? listFolder(driver.home)) ?? [] { try? removeTree(driver.home.appending(name)) }
        if !hadHome { rmdir(driver.home.string) }
    }
}
