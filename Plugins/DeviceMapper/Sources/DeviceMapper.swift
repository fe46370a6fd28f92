// Each layer is a whole file system on a thin device, a snapshot of its parent's. The files are those of Docker's
// `devicemapper` (to version 24), so that either opens what the other made:
//
//     devicemapper/             0700
//       devicemapper/           0700  only where the pool is made of sparse files
//         data                  0600  all layers' blocks
//         metadata              0600  which block is whose
//       metadata/               0700
//         base                  0600  the record of the device that all layers begin as: an empty file system
//         <id>                  0600  the record of a layer: its device's number in the pool, and its size
//         deviceset-metadata    0600  the base's file system and UUID
//         transaction-metadata  0600  the step under way, or the last one
//         .tmp-…                      a record half written when the power went; the next start deletes it
//
// The tree of a layer is the folder `rootfs` of its file system.

import Archive
import CLinux
public import GraphDrivers
import Linux
public import SystemPackage

/// Docker's `devicemapper` storage driver.
public struct DeviceMapper: GraphDriver {
    /// `devicemapper`.
    public static let name = "devicemapper"

    let home: FilePath
    let settings: Settings
    let pool: Pool
    let records: Records
    let shared: Shared
    /// How often each layer is open since the start: a later one begins with none.
    let views = ViewCount()
    /// What the base has, and so every layer.
    private(set) var fileSystem = FileSystem.ext4

    /// Opens `home`: makes its pool active, and undoes what a killed daemon left half done.
    public init(home: FilePath, options: DriverOptions) throws {
        let settings = try Settings(options)
        try Self.requireHost(settings)
        let hadHome = isFolder(home)
        if settings.needsFiles, try listFolder(home).isEmpty {
            try Self.requireDisk(hadHome ? home : home.removingLastComponent())
        }
        try makeFolders(home, mode: FilePermissions(rawValue: 0o700))
        try self.init(unstarted: home, settings: settings)
        fileSystem = try Self.start(self, hadHome: hadHome)
    }

    /// Knows the home, and does nothing yet.
    init(unstarted home: FilePath, settings: Settings) throws {
        var folder = linux_file()
        try sys("look at \(home)") { linux_look(home.string, &folder) }
        let prefix = Pool.prefix(device: UInt64(folder.device), inode: UInt64(folder.inode))
        let direct = DirectLVM(home: home, settings: settings.direct)
        let given = settings.poolName ?? (direct.isWanted ? DirectLVM.poolName : nil)
        self.home = home
        self.settings = settings
        pool = Pool(name: given ?? "\(prefix)-pool", prefix: prefix, isOwn: given == nil)
        records = Records(folder: home.appending("metadata"))
        shared = Shared.of(home, folder)
    }

    /// Makes a snapshot of the parent, or of the base.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        let wanted = try Self.size(options)
        try requireName(id)
        let (record, mustGrow) = try shared.exclusively { state in
            try requireAbsent(id, &state)
            let origin = try origin(parent)
            let size = wanted?.bytes ?? origin.size
            if let wanted, size < origin.size {
                throw wanted.option.invalid("Container size cannot be smaller than \(Self.human(origin.size))")
            }
            sweep(&state)
            let known = try requireRoom()
            let record = try make(id, size: size, origin: (parent, origin), after: known.transaction, &state)
            return (record, size > origin.size)
        }
        let mayLackRoot = try parent == nil && shared.exclusively { $0.isRootInBase != true }
        guard mustGrow || mayLackRoot else { return }
        do { try finish(id, record, mustGrow) } catch {
            try? remove(id)  // the first error is the one to report; the store removes it again
            throw error
        }
    }

    /// Deletes the layer's device; one that somebody outside of this process uses is deleted when it is not any more.
    public func remove(_ id: LayerID) throws {
        if Records.isReserved(id.description) { return }
        if views.isOpen(id) { throw SystemError("remove layer \(id), which is open", .resourceBusy) }
        let leaving = try shared.exclusively { state in
            // A `create` that failed, and could not undo itself.
            if let step = try records.transaction(), step.device == id.description { try rollBack(step, &state) }
            let leaving = try beginRemoval(id)
            if let leaving, !leaving.isActive { try end(id, leaving.record, &state) }
            return leaving
        }
        guard let leaving, leaving.isActive else { return }
        // Nobody waits for it: a large layer's blocks take a while.
        giveBack(id, leaving.record)
        try shared.exclusively { try end(id, leaving.record, &$0) }
    }

    /// Whether the layer has a record.
    public func contains(_ id: LayerID) -> Bool {
        if Records.isReserved(id.description) { return false }
        do { return try records.device(id).map { !$0.isDeleted } ?? false } catch { return true }  // `open` says why
    }

    /// Makes the layer's device usable, to be mounted.
    public func open(_ id: LayerID) throws -> LayerView {
        try views.open(id) {
            _ = try shared.exclusively { _ in try pool.activate(pool.device(id), existing(id)) }
            let mount = Mount(
                type: fileSystem.rawValue,
                source: Control.node(pool.device(id)).string,
                options: fileSystem.mountOptions + settings.mountOptions,
                subfolder: "rootfs"
            )
            do { try keepAnswering(id, mount) } catch {
                // The first error is the one to report.
                try? pool.deactivate(pool.device(id), deferred: settings.isRemovalDeferred)
                throw error
            }
            return .mounts([mount])
        }
    }

    /// Makes the device unusable: at once, or when nobody has it mounted any more.
    public func close(_ id: LayerID) throws {
        try views.close(id) {
            shared.letGo(id)
            try shared.exclusively { state in
                try pool.deactivate(pool.device(id), deferred: settings.isRemovalDeferred)
                sweep(&state)
            }
        }
    }

    /// Layers can be larger than the base; all that is in one counts.
    public var capabilities: Capabilities { [.quota, .quotaCoversImage] }
}
