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

    /// What is to be deleted; nil where there is nothing. Where the layer's blocks are to be given back before, it is
    /// no more from now on, and its device is active if nobody else has it.
    func beginRemoval(_ id: LayerID) throws -> (record: DeviceRecord, isActive: Bool)? {
        let record: DeviceRecord?
        do { record = try records.device(id) } catch is DriverError {
            // Nobody knows which device it was: its blocks stay in the pool.
            try records.remove(id)
            return nil
        }
        guard let record else { return nil }
        guard settings.discards ?? hasFiles else { return (record, false) }
        do { try markDeleted(id, record) } catch let error as SystemError {
            // On a full disk the layer must go without.
            guard [.noSpace, .diskQuotaExceeded].contains(error.errno) else { throw error }
        }
        // The layer goes in any case, and its blocks are free in the pool.
        return (record, (try? activateUnused(pool.device(id), record)) ?? false)
    }

    /// Makes the device usable; false where somebody uses it.
    private func activateUnused(_ name: String, _ record: DeviceRecord) throws -> Bool {
        try pool.activate(name, record) || Control.info(name)?.openCount == 0
    }

    /// Gives the layer's own blocks back to the disk that holds the pool; if that fails they are free in the pool only.
    func giveBack(_ id: LayerID, _ record: DeviceRecord) { try? pool.discard(pool.device(id), size: record.size) }

    /// Deletes the layer, and others that nobody uses any more.
    func end(_ id: LayerID, _ record: DeviceRecord, _ state: inout Shared.State) throws {
        // Another's sweep may have deleted it a moment ago, and its number may be another layer's.
        guard try isStill(id, record) else { return sweep(&state) }
        do { try delete(id, record, &state) } catch let error as SystemError where error.errno == .resourceBusy {
            try records.write(record, for: id)  // it stays
            throw error
        }
        sweep(&state)
    }

    /// Whether the layer still has this device: not one of the same name that was made since.
    private func isStill(_ id: LayerID, _ record: DeviceRecord) throws -> Bool {
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
