import GraphDrivers
import Linux
import SystemPackage

// `--storage-opt dm.…`: Docker's names, defaults and meanings.

/// The daemon-wide options.
struct Settings: Sendable, Equatable {
    /// Bytes of the base, and so of every layer; nil: 10 GiB, or what the home has.
    var baseSize: UInt64?
    /// Bytes of the sparse files; nil: 100 GiB and 2 GiB, or what they have.
    var loopDataSize: UInt64?
    var loopMetadataSize: UInt64?
    /// `ext4` or `xfs`; nil: xfs where this host has it.
    var fileSystem: FileSystem?
    var makeArguments: [String] = []
    var mountOptions: [String] = []
    /// Devices instead of the sparse files.
    var dataDevice: FilePath?
    var metadataDevice: FilePath?
    /// The name of a pool that is there.
    var poolName: String?
    /// Sectors a block of the pool.
    var blockSectors: UInt64 = 128
    /// A removed layer's blocks are given back to the data device; nil: to a sparse file only.
    var discards: Bool?
    /// What is busy goes when its last user does.
    var isRemovalDeferred = true
    var isDeletionDeferred = true
    /// Percent of the pool that must be free for a new layer.
    var minimumFree: UInt64 = 10
    /// How often xfs tries again to write its metadata into a full pool; nil: not at all, then it stops with an error.
    var xfsRetries: Int?
    var logLevel = 2
    var direct = DirectLVM.Settings()

    static let defaultBaseSize: UInt64 = 10 << 30
    static let defaultDataSize: UInt64 = 100 << 30
    static let defaultMetadataSize: UInt64 = 2 << 30

    /// Reads the options; the first that is unknown or makes no sense is an error.
    init(_ options: DriverOptions = DriverOptions()) throws {
        var deferredDeletion: Bool?
        for (key, value) in options.values {
            let option = Option(key: key, value: value)
            let name = key.lowercased()
            if name == "dm.use_deferred_deletion" {
                deferredDeletion = try option.bool()
            } else if try !takeSize(name, option), try !takePlace(name, option), try !takeHabit(name, option) {
                throw DriverError.unknownOption(driver: DeviceMapper.name, key: key)
            }
        }
        isDeletionDeferred = deferredDeletion ?? isRemovalDeferred
        if isDeletionDeferred, !isRemovalDeferred {
            throw Option(key: "dm.use_deferred_deletion", value: "true")
                .invalid("it needs dm.use_deferred_removal=true as well")
        }
        try direct.check()
        if direct.device != nil, poolName != nil || dataDevice != nil || metadataDevice != nil {
            throw Option(key: "dm.directlvm_device", value: "")
                .invalid("it makes a pool of its own: leave out dm.thinpooldev, dm.datadev and dm.metadatadev")
        }
    }

    /// Whether the pool is made of sparse files.
    var needsFiles: Bool { poolName == nil && direct.device == nil && (dataDevice == nil || metadataDevice == nil) }

    private mutating func takeSize(_ name: String, _ option: Option) throws -> Bool {
        switch name {
        case "dm.basesize": baseSize = try option.bytes()
        case "dm.loopdatasize": loopDataSize = try option.bytes()
        case "dm.loopmetadatasize": loopMetadataSize = try option.bytes()
        case "dm.blocksize": blockSectors = try option.blockSectors()
        default: return false
        }
        return true
    }

    private mutating func takePlace(_ name: String, _ option: Option) throws -> Bool {
        switch name {
        case "dm.datadev": dataDevice = try option.path()
        case "dm.metadatadev": metadataDevice = try option.path()
        case "dm.thinpooldev":
            let prefix = "/dev/mapper/"
            let pool = option.value.hasPrefix(prefix) ? String(option.value.dropFirst(prefix.count)) : option.value
            guard !pool.isEmpty, !pool.contains("/") else {
                throw option.invalid("it must be a device of the device mapper: /dev/mapper/<name>")
            }
            poolName = pool
        case "dm.fs":
            guard let found = FileSystem(rawValue: option.value) else {
                throw option.invalid("unsupported filesystem \(option.value); choose ext4 or xfs")
            }
            fileSystem = found
        case "dm.mkfsarg": makeArguments.append(option.value)
        case "dm.mountopt": mountOptions += option.value.split(separator: ",").map(String.init)
        default: return try direct.take(name, option)
        }
        return true
    }

    private mutating func takeHabit(_ name: String, _ option: Option) throws -> Bool {
        switch name {
        case "dm.blkdiscard": discards = try option.bool()
        // Udev is not waited for here, so there is nothing to override.
        case "dm.override_udev_sync_check": _ = try option.bool()
        case "dm.use_deferred_removal": isRemovalDeferred = try option.bool()
        case "dm.min_free_space": minimumFree = try option.percent()
        case "dm.xfs_nospace_max_retries":
            guard let count = Int(option.value), count >= -1 else {
                throw option.invalid("it must be a number: how often, or -1 for ever")
            }
            xfsRetries = count
        case "dm.libdm_log_level":
            guard let level = Int(option.value), (2...7).contains(level) else {
                throw option.invalid("dm.libdm_log_level must be in range 2 to 7")
            }
            logLevel = level
        default: return false
        }
        return true
    }
}
