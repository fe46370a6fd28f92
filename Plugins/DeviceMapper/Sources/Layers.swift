import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// The steps of a layer's life.

extension DeviceMapper {
    /// The layer's record.
    func existing(_ id: LayerID) throws -> DeviceRecord {
        guard !Records.isReserved(id.description), let record = try records.device(id), !record.isDeleted else {
            throw DriverError.noSuchLayer(driver: Self.name, id)
        }
        return record
    }

    /// Refuses what can't be a device's name.
    func requireName(_ id: LayerID) throws {
        let reason: String
        if Records.isReserved(id.description) {
            reason = "the driver needs this name itself; choose another for the layer"
        } else if pool.device(id).utf8.count > 127 {
            reason = "the layer's name is too long for a device's, which has 127 characters; choose a shorter one"
        } else {
            return
        }
        throw records.damaged(records.path(id), reason)
    }

    /// A container's own `size`, in bytes; other keys are refused.
    static func size(_ options: LayerOptions) throws -> (option: Option, bytes: UInt64)? {
        for key in options.storage.keys.sorted() where key.lowercased() != "size" {
            throw DriverError.unknownOption(driver: name, key: key)
        }
        guard let (key, value) = options.storage.first else { return nil }
        let option = Option(key: key, value: value)
        return (option, try option.bytes())
    }

    func requireAbsent(_ id: LayerID, _ state: inout Shared.State) throws {
        let record: DeviceRecord?
        do { record = try records.device(id) } catch { throw DriverError.layerExists(driver: Self.name, id) }
        guard let record else { return }
        guard record.isDeleted else { throw DriverError.layerExists(driver: Self.name, id) }
        if try !delete(id, record, &state) {
            throw SystemError("make layer \(id): one of this name was removed, but is still in use", .resourceBusy)
        }
    }

    func origin(_ parent: LayerID?) throws -> DeviceRecord {
        if let parent { return try existing(parent) }
        guard let base = try records.device(nil), base.isInitialized else {
            throw records.damaged(records.path(nil), "there is no base to make a layer of; start the daemon again")
        }
        return base
    }

    /// Grows the file system of a new layer, and makes the folder that it shows where the base has none: one that
    /// Docker made.
    func finish(_ id: LayerID, _ record: DeviceRecord, _ mustGrow: Bool) throws {
        let wasMissing = try withDevice(id, record) { node in
            let tree = try fileSystem.mount(node)
            if mustGrow { try fileSystem.grow(mountedAt: tree.path, to: record.size) }
            return try Self.makeRoot(in: tree)
        }
        try shared.exclusively { if $0.isRootInBase == nil { $0.isRootInBase = !wasMissing } }
    }

    /// From now on the layer is no more; nil where it was not.
    func markRemoved(_ id: LayerID) throws -> DeviceRecord? {
        let record: DeviceRecord?
        do { record = try records.device(id) } catch is DriverError {
            // Nobody knows which device it was: its blocks stay in the pool.
            try records.remove(id)
            return nil
        }
        guard let record else { return nil }
        do { try markDeleted(id, record) } catch let error as SystemError {
            // On a full disk the layer must go without.
            guard [.noSpace, .diskQuotaExceeded].contains(error.errno) else { throw error }
        }
        return record
    }

    /// Gives the layer's own blocks back to the disk that holds the pool, where that is wanted.
    ///
    /// The layer goes in any case, and its blocks are free in the pool.
    func giveBack(_ id: LayerID, _ record: DeviceRecord) {
        guard settings.discards ?? hasFiles else { return }
        let name = pool.device(id)
        let device = try? shared.exclusively { _ -> Int32? in
            guard try isStill(id, record) else { return nil }
            try pool.activate(name, record)
            guard try Control.info(name)?.openCount == 0 else { return nil }
            return try pool.openToDiscard(name)
        }
        guard let device else { return }
        // Open, so that nobody can delete it.
        try? pool.discard(name, OwnedDescriptor(device), size: record.size)
    }

    /// Whether the layer still has this device: not one of the same name that was made since.
    func isStill(_ id: LayerID, _ record: DeviceRecord) throws -> Bool {
        guard let now = try records.device(id) else { return false }
        return now.deviceID == record.deviceID && now.transaction == record.transaction
    }

    /// An xfs that can't write its metadata into a full pool tries for ever, and its containers hang. How often it
    /// does is set in sysfs, which it is in as long as it is mounted: so it is, where no folder shows it.
    func keepAnswering(_ id: LayerID, _ mount: Mount) throws {
        guard fileSystem == .xfs else { return }
        try shared.hold(id) {
            let tree = try DetachedTree([mount])
            guard let minor = try Control.info(pool.device(id))?.minor else {
                throw DriverError.noSuchLayer(driver: Self.name, id)
            }
            let file = FilePath("/sys/fs/xfs/dm-\(minor)/error/metadata/ENOSPC/max_retries")
            let text = "\(settings.xfsRetries ?? 0)\n"
            let setting = OwnedDescriptor(try sys("open \(file)") { Glibc.open(file.string, O_WRONLY | O_CLOEXEC) })
            try sys("write \(file)") { write(setting.rawValue, text, text.utf8.count) }
            return tree
        }
    }
}
