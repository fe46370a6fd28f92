// What the pool says of itself, in the words of `dmsetup status` and `dmsetup table`: kernel,
// Documentation/admin-guide/device-mapper/thin-provisioning.rst.

import SystemPackage

/// How full the pool is, and whether it works.
struct PoolStatus: Equatable {
    /// Used and all blocks, of one kind.
    struct Room: Equatable {
        var used: UInt64
        var total: UInt64
        var free: UInt64 { total - min(used, total) }
    }

    /// How the pool answers.
    enum Mode: String {
        case works = "rw"
        case readOnly = "ro"
        case isFull = "out_of_data_space"
        case hasFullMetadata = "out_of_metadata_space"
        case failed = "Fail"
    }

    var transaction: UInt64 = 0
    /// In blocks of 4096 bytes.
    var metadata = Room(used: 0, total: 0)
    /// In the pool's own blocks.
    var data = Room(used: 0, total: 0)
    /// The block of the root that `reserve_metadata_snap` keeps.
    var heldRoot: UInt64?
    var mode = Mode.works
    /// The kernel found the metadata damaged.
    var needsCheck = false

    /// Reads `1 81/524288 330/1638400 - rw discard_passdown error_if_no_space - 1024`; nil where it is not of that
    /// form.
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        if ["Fail", "Error"].contains(words.first) {
            mode = .failed
            return
        }
        guard words.count >= 3, let transaction = UInt64(words[0]), let metadata = Room(words[1]),
            let data = Room(words[2])
        else { return nil }
        self.transaction = transaction
        self.metadata = metadata
        self.data = data
        if words.count > 3 { heldRoot = UInt64(words[3]) }
        if words.count > 4 { mode = Mode(rawValue: words[4]) ?? .works }
        needsCheck = words.dropFirst(5).contains("needs_check")
    }
}

extension PoolStatus.Room {
    /// Reads `81/524288`.
    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let used = UInt64(parts[0]), let total = UInt64(parts[1]) else { return nil }
        self.init(used: used, total: total)
    }
}

/// What the pool is made of.
struct PoolTable: Equatable {
    /// The metadata's device, as `7:0`.
    var metadata: String
    /// The data's device.
    var data: String
    /// In sectors of 512 bytes.
    var blockSectors: UInt64
    /// The rest: low water mark and features.
    var rest: String

    /// Reads `7:0 7:1 128 32768 1 skip_block_zeroing`; nil where it is not of that form.
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 4, let sectors = UInt64(words[2]), sectors > 0 else { return nil }
        self.init(metadata: words[0], data: words[1], blockSectors: sectors, rest: words[3...].joined(separator: " "))
    }

    init(metadata: String, data: String, blockSectors: UInt64, rest: String) {
        self.metadata = metadata
        self.data = data
        self.blockSectors = blockSectors
        self.rest = rest
    }

    /// As the kernel takes it.
    var text: String { "\(metadata) \(data) \(blockSectors) \(rest)" }
}
