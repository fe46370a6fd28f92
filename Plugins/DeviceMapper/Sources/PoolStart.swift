// Finding or making the pool at a start. A killed daemon leaves its pool active, and containers may be using it: such
// a pool is taken over as it is, if it is made of this home's files.

import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// How the pool was found.
    struct Found {
        /// It was active already, and made of this home's files: what it holds was proved when it was made.
        var wasActive: Bool
        /// All of it reads as zeros.
        var isBlank = false
    }

    /// Makes the pool active.
    func startPool() throws -> Found {
        if settings.poolName == nil { try DirectLVM(home: home, settings: settings.direct).start() }
        // One that is leaving goes when the kernel gets round to it.
        for _ in 0..<Self.patience {
            guard let info = try Control.info(pool.name) else {
                guard pool.isOwn else { throw missingPool }
                return try makePool()
            }
            switch try take(info) {
            case .taken: return Found(wasActive: pool.isOwn)
            case .rest: try Control.remove(pool.name)
            case .leaving: usleep(10_000)
            }
        }
        throw SystemError("activate the pool \(pool.name), which is being removed", .resourceBusy)
    }

    /// What became of a pool that was there.
    private enum Outcome {
        /// It is in use by this home.
        case taken
        /// It can go.
        case rest
        /// It goes by itself.
        case leaving
    }

    /// So many times 10 milliseconds.
    private static let patience = 1000

    private var missingPool: DriverError {
        let reason = "there is no device \(Control.node(pool.name)); activate it (lvchange -ay) or make it first"
        return .invalidOption(driver: Self.name, key: "dm.thinpooldev", reason: reason)
    }

    /// Takes over a pool that is there.
    private func take(_ info: Control.Info) throws -> Outcome {
        guard info.isComplete else { return .rest }
        guard let target = try Control.table(pool.name) else { return .leaving }
        guard target.type == "thin-pool", let table = PoolTable(target.text) else {
            throw DriverError.invalidOption(
                driver: Self.name,
                key: "dm.thinpooldev",
                reason: "\(Control.node(pool.name)) is not a thin pool"
            )
        }
        if pool.isOwn, try !isMade(of: table) {
            // Its devices may have left it just now.
            guard let now = try Control.info(pool.name) else { return .leaving }
            guard now.openCount == 0 else { throw strange }
            return .rest
        }
        if info.isSuspended { try Control.resume(pool.name) }
        if info.isLeaving, try !pool.stay(pool.name) { return .leaving }
        try Pool.requireNode(of: pool.name)
        return .taken
    }

    private var strange: DriverError {
        .damaged(
            driver: Self.name,
            Control.node(pool.name),
            reason: "a pool of this name is active and in use, but is not made of this home's files; stop what uses it "
                + "(dmsetup ls --tree) and remove it (dmsetup remove)"
        )
    }

    /// Whether the devices of an active pool show this home's files, or are the devices that the options name.
    private func isMade(of table: PoolTable) throws -> Bool {
        try shows(table.data, files.data.path, settings.dataDevice)
            && shows(table.metadata, files.metadata.path, settings.metadataDevice)
    }

    private func shows(_ number: String, _ file: FilePath, _ device: FilePath?) throws -> Bool {
        if let device {
            var node = linux_file()
            try sys("look at \(device)") { linux_look(device.string, &node) }
            return number == "\(linux_major(node.special)):\(linux_minor(node.special))"
        }
        guard let path = try? Pool.device(number), exists(file) else { return false }
        let backing = OwnedDescriptor(try sys("open \(file)") { Glibc.open(file.string, O_RDONLY | O_CLOEXEC) })
        let loop = OwnedDescriptor(try sys("open \(path)") { Glibc.open(path.string, O_RDONLY | O_CLOEXEC) })
        return try sys("look at \(path)") { linux_loop_shows(loop.rawValue, backing.rawValue) } == 1
    }

    /// Waits until the pool's files are in no loop device: a pool's name goes before the pool does, and two pools of one
    /// home would destroy it.
    private func waitForFormerPool() throws {
        let parts = [(files.data.path, settings.dataDevice), (files.metadata.path, settings.metadataDevice)]
        for (file, device) in parts where device == nil && exists(file) {
            var user = try LoopDevice.showing(file)
            for _ in 0..<Self.patience where user != nil {
                usleep(10_000)
                user = try LoopDevice.showing(file)
            }
            if let user {
                let reason = "it is in use by \(user); see who needs that (dmsetup ls --tree), then losetup -d \(user)"
                throw DriverError.damaged(driver: Self.name, file, reason: reason)
            }
        }
    }

    private func makePool() throws -> Found {
        try waitForFormerPool()
        let data = try PoolDevice(settings.dataDevice, or: files.data, size: settings.loopDataSize)
        let metadata = try PoolDevice(settings.metadataDevice, or: files.metadata, size: settings.loopMetadataSize)
        let table = PoolTable(
            metadata: metadata.path.string,
            data: data.path.string,
            blockSectors: settings.blockSectors,
            // 32768 is the low water mark. A full pool answers with an error at once: otherwise a writer hangs in it.
            rest: "32768 2 skip_block_zeroing error_if_no_space"
        )
        defer { withExtendedLifetime((data, metadata)) {} }
        let sectors = try PoolDevice.size(of: data.path) >> 9
        let target = Control.Target(length: sectors, type: "thin-pool", text: table.text)
        do { try Control.create(pool.name, target) } catch {
            let remedy =
                "see what the kernel says (dmesg); metadata are checked with thin_check and repaired with thin_repair, "
                + "devices that were used before must begin with 4096 zeros"
            throw SystemError("\(error.call): \(remedy)", error.errno)
        }
        return Found(wasActive: false, isBlank: data.isNew)
    }
}

/// What a pool is made of: a block device of the user's, or a sparse file in a loop device.
struct PoolDevice {
    let path: FilePath
    /// A file that was made just now.
    let isNew: Bool
    private let loop: Loop?

    /// Attached as long as somebody has it, or the pool.
    private final class Loop {
        let device: LoopDevice
        init(_ file: FilePath) throws { device = try LoopDevice(file: file) }
    }

    /// Takes `device`, or else `file`, which is made with `size` bytes, or grown to it.
    init(_ device: FilePath?, or file: (path: FilePath, size: UInt64), size: UInt64?) throws {
        isNew = try device == nil && Self.prepare(file.path, size: size, new: file.size)
        loop = try device == nil ? Loop(file.path) : nil
        path = device ?? loop?.device.path ?? file.path
    }

    /// The bytes of a block device.
    static func size(of path: FilePath) throws -> UInt64 {
        let device = OwnedDescriptor(try sys("open \(path)") { open(path.string, O_RDONLY | O_CLOEXEC) })
        var bytes: UInt64 = 0
        try sys("ask for the size of \(path)") { linux_block_size(device.rawValue, &bytes) }
        return bytes
    }

    /// Makes the file where it is missing, or still empty after a kill; grows it, and never shrinks it.
    private static func prepare(_ path: FilePath, size: UInt64?, new: UInt64) throws -> Bool {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let file = OwnedDescriptor(try sys("create \(path)") { open(path.string, flags, 0o600) })
        let old = UInt64(try sys("measure \(path)") { lseek(file.rawValue, 0, SEEK_END) })
        let wanted = old == 0 ? size ?? new : max(old, size ?? 0)
        if wanted > old {
            try sys("make \(path) \(wanted) bytes long") { ftruncate(file.rawValue, off_t(wanted)) }
        }
        return old == 0
    }
}
