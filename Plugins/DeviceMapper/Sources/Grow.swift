import CLinux
import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

// Larger sparse files, while the pool is in use: first the file, then its loop device, then the pool's table. A cut
// between two of them leaves a file that is larger than its pool; the next start, or the next try, makes the pool as
// large.

extension DeviceMapper: GrowableDriver {
    /// Grows the sparse files of the home's pool to these sizes in bytes, and the pool with them; nil leaves one as
    /// it is.
    ///
    /// Works while a daemon has the home open, also from another process: nothing else of the home is touched. A home
    /// whose pool is not active gets larger files, and its next start a larger pool.
    public static func grow(
        home: FilePath,
        options: DriverOptions,
        dataBytes: Int64?,
        metadataBytes: Int64?
    ) throws {
        guard isFolder(home) else {
            throw refusal("data-root", "there is no folder \(home); give the data root that the daemon has")
        }
        let driver = try DeviceMapper(unstarted: home, settings: Settings(options))
        guard driver.pool.isOwn else { throw ownersPool("the pool \(driver.pool.name) is not the driver's") }
        try driver.shared.exclusively { _ in try driver.grow(data: dataBytes, metadata: metadataBytes) }
    }

    private static func refusal(_ key: String, _ reason: String) -> DriverError {
        .invalidOption(driver: name, key: key, reason: reason)
    }

    private static func ownersPool(_ fact: String) -> DriverError {
        refusal("size", "\(fact): growing it is up to its owner, with lvextend if it is LVM's")
    }

    /// At a start that finds its pool active: to what the options say now, or what a cut attempt left.
    func growToOptions() throws {
        guard pool.isOwn else { return }
        try grow(data: settings.loopDataSize.map(Int64.init), metadata: settings.loopMetadataSize.map(Int64.init), true)
    }

    private func grow(data: Int64?, metadata: Int64?, _ mayBeLess: Bool = false) throws {
        let isActive = try Control.info(pool.name)?.isComplete ?? false
        let table = isActive ? try pool.table() : nil
        let parts = [
            Part(file: files.metadata.path, device: settings.metadataDevice, size: metadata, number: table?.metadata),
            Part(file: files.data.path, device: settings.dataDevice, size: data, number: table?.data),
        ]
        if !mayBeLess { for part in parts { try part.check() } }
        for part in parts { try part.grow() }
        guard let table, let old = try Control.table(pool.name)?.length else { return }
        let sectors = try PoolDevice.size(of: Pool.device(table.data)) >> 9
        // The metadata's new size is seen when the table is put in place anew.
        let blocks = min(try PoolDevice.size(of: Pool.device(table.metadata)) / 4096, Self.mostMetadataBlocks)
        if try sectors == old && blocks <= pool.status().metadata.total { return }
        try Control.load(pool.name, .init(length: sectors, type: "thin-pool", text: table.text))
        // Without flushing: what waits for room in a full pool would never end.
        try Control.suspend(pool.name, isPlain: true)
        try Control.resume(pool.name)
    }

    /// One of the two that a pool is made of.
    private struct Part {
        var file: FilePath
        /// Instead of the file.
        var device: FilePath?
        /// What it is to have.
        var size: Int64?
        /// Of its block device, where the pool is active.
        var number: String?

        /// Refuses what can't be.
        func check() throws {
            guard let size else { return }
            if let device { throw ownersPool("\(device) is a device and no file of the driver's") }
            guard exists(file) else { throw ownersPool("there is no file \(file), so the pool is not the driver's") }
            let backing = OwnedDescriptor(try sys("open \(file)") { Glibc.open(file.string, O_RDONLY | O_CLOEXEC) })
            let old = try sys("measure \(file)") { lseek(backing.rawValue, 0, SEEK_END) }
            guard old > size else { return }
            throw refusal("size", "\(file) has \(old) bytes and can't shrink; give more, as 200G")
        }

        /// Makes the file as large as it is to be, if it is smaller, and its loop device as large as the file.
        func grow() throws {
            guard device == nil else { return }
            let backing = OwnedDescriptor(try sys("open \(file)") { Glibc.open(file.string, O_RDWR | O_CLOEXEC) })
            if let size, try sys("measure \(file)", { lseek(backing.rawValue, 0, SEEK_END) }) < size {
                try sys("make \(file) \(size) bytes long") { ftruncate(backing.rawValue, off_t(size)) }
            }
            guard let number else { return }
            let path = try Pool.device(number)
            let loop = OwnedDescriptor(try sys("open \(path)") { Glibc.open(path.string, O_RDWR | O_CLOEXEC) })
            try sys("tell \(path) its new size") { linux_loop_resize(loop.rawValue) }
        }
    }

    /// The kernel uses no more of a larger device. drivers/md/dm-thin-metadata.h: THIN_METADATA_MAX_SECTORS
    private static let mostMetadataBlocks: UInt64 = 255 * ((1 << 14) - 64)
}
