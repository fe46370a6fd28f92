// The base: a device with an empty file system, of which every layer without a parent is a snapshot.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// Finds the base, or makes it; says which file system it has.
    static func startBase(
        _ driver: DeviceMapper,
        _ found: Found,
        _ state: inout Shared.State
    ) throws -> FileSystem {
        if let base = try driver.records.device(nil) {
            if base.isInitialized, !base.isDeleted { return try driver.check(base, found) }
            // Its making was cut short. Who made its file system then may still be at it.
            try driver.delete(nil, base, &state, tries: 2000)
        } else if !driver.pool.isOwn {
            try driver.requireVirgin()
        }
        return try driver.makeBase(isBlank: found.isBlank, &state)
    }

    /// A pool of the user's that has something in it is somebody else's; but for steps with the base, it was never used.
    private func requireVirgin() throws {
        let status = try pool.status()
        if status.data.used != 0 { throw othersPool("that already has used data blocks") }
        if let step = try records.transaction(), step.device.isEmpty, step.transaction == status.transaction { return }
        if status.transaction != 0 { throw othersPool("with non-zero transaction ID") }
    }

    private func othersPool(_ what: String) -> DriverError {
        let reason = "Unable to take ownership of thin-pool (\(pool.name)) \(what); give a pool that was never used"
        return .invalidOption(driver: Self.name, key: "dm.thinpooldev", reason: reason)
    }

    private func makeBase(isBlank: Bool, _ state: inout Shared.State) throws -> FileSystem {
        if let wanted = settings.fileSystem { try wanted.require() }
        let kind = try settings.fileSystem ?? FileSystem.best()
        let size = settings.baseSize ?? Settings.defaultBaseSize
        var base = try make(nil, size: size, origin: nil, after: requireRoom().transaction, &state)
        let uuid: String
        do {
            uuid = try withDevice(nil, base) { node in
                try kind.make(on: node, arguments: settings.makeArguments, isBlank: isBlank)
                try Self.makeRoot(in: kind.mount(node))
                return try Superblock(of: node)?.uuid ?? ""
            }
            base.isInitialized = true
            try records.write(base, for: nil)
        } catch {
            _ = try? delete(nil, base, &state)  // the first error is the one to report; the next start deletes it
            throw error
        }
        state.isRootInBase = true
        try records.write(SetRecord(nextDeviceID: state.last, baseUUID: uuid, baseFileSystem: kind.rawValue))
        return kind
    }

    /// Makes sure that it is the base that the home began with, and that it is as large as the options want it.
    private func check(_ base: DeviceRecord, _ found: Found) throws -> FileSystem {
        var set = try records.deviceSet()
        let wanted = settings.baseSize ?? base.size
        if wanted < base.size {
            throw Option(key: "dm.basesize", value: "").invalid(
                "Base device size cannot be smaller than \(base.size) bytes, which it has; leave the option out"
            )
        }
        if let kind = FileSystem(rawValue: set.baseFileSystem), !set.baseUUID.isEmpty, found.wasActive,
            wanted == base.size
        {
            return kind
        }
        var base = base
        if wanted > base.size {
            base.size = wanted
            try records.write(base, for: nil)
        }
        let superblock = try withDevice(nil, base) { node in
            guard let superblock = try Superblock(of: node) else { throw unknownBase }
            try require(superblock, set)
            if superblock.size < base.size, base.size - superblock.size > 1 << 20 {
                try superblock.kind.grow(on: node, to: base.size)
            }
            return superblock
        }
        if set.baseUUID != superblock.uuid || set.baseFileSystem != superblock.kind.rawValue {
            set.baseUUID = superblock.uuid
            set.baseFileSystem = superblock.kind.rawValue
            try records.write(set)
        }
        return superblock.kind
    }

    private var unknownBase: DriverError {
        records.damaged(records.path(nil), "its device has neither ext4 nor xfs; is the pool another one than before?")
    }

    private func require(_ superblock: Superblock, _ set: SetRecord) throws {
        guard !set.baseUUID.isEmpty, set.baseUUID != superblock.uuid else { return }
        throw records.damaged(
            records.path(nil),
            "Current Base Device UUID:\(superblock.uuid) does not match with stored UUID:\(set.baseUUID). Possibly "
                + "using a different thin pool than last invocation; give the pool that belongs to this folder, or "
                + "delete the folder and fetch the images again"
        )
    }

    /// Throws where the pool is not the one that the home began with; a home without a base has nothing to lose yet,
    /// and no blocks in the pool.
    func requireSameBase() throws {
        let base = try records.device(nil)
        if base == nil, try !pool.isOwn && pool.status().data.used != 0 {
            throw othersPool("that already has used data blocks")
        }
        guard let base, base.isInitialized, !base.isDeleted else { return }
        let set = try records.deviceSet()
        try withDevice(nil, base) { node in
            guard let superblock = try Superblock(of: node) else { throw unknownBase }
            try require(superblock, set)
        }
    }

    /// Makes a device usable for `body`, and unusable again.
    func withDevice<Result>(_ id: LayerID?, _ record: DeviceRecord, _ body: (FilePath) throws -> Result) throws
        -> Result
    {
        let name = pool.device(id)
        try pool.activate(name, record)
        let result: Result
        do { result = try body(Control.node(name)) } catch {
            try? pool.deactivate(name, deferred: true)  // the first error is the one to report
            throw error
        }
        try pool.deactivate(name, deferred: settings.isRemovalDeferred)
        return result
    }

    /// Makes the folder that layers show, in a file system that is mounted; false where it is there.
    @discardableResult
    static func makeRoot(in tree: borrowing DetachedTree) throws -> Bool {
        let root = tree.path.appending("rootfs")
        do { try sys("make \(root)") { mkdir(root.string, 0o755) } } catch {
            guard error.errno == .fileExists else { throw error }
            return false
        }
        try sys("set the mode of \(root)") { chmod(root.string, 0o755) }  // whatever the umask
        return true
    }
}

extension FileSystem {
    /// What every mount of one needs: snapshots of one xfs have one UUID, which it otherwise refuses.
    var mountOptions: [String] { self == .xfs ? ["nouuid"] : [] }

    /// Mounts `node`, for this process only.
    func mount(_ node: FilePath, options: [String] = []) throws -> DetachedTree {
        try DetachedTree([Mount(type: rawValue, source: node.string, options: mountOptions + options)])
    }

    /// Mounts `node`, and grows what is on it.
    func grow(on node: FilePath, to size: UInt64) throws {
        let tree = try mount(node)
        try grow(mountedAt: tree.path, to: size)
    }
}
