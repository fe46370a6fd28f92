import CDeviceMapper
import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// What a layer's whole life asks of the device mapper: a snapshot of the parent's device, and its end.
struct BareDevice {
    /// How much of it is done.
    enum Extent {
        /// What a shell script would do that nothing may interrupt; blocks are given back, as from sparse files.
        case calls
        /// Also what finds out, after a power cut, what was done: Docker's records and the pool's transaction.
        case withRecords
    }

    private let place: FilePath
    private let mount: Mount
    private let pool: String
    private let origin: (number: String, sectors: UInt64)

    /// `parent` is the mount of a layer whose device is active.
    init(like parent: Mount, in place: FilePath) throws {
        let node = FilePath(parent.source)
        guard let name = node.lastComponent?.string, let table = try Self.table(of: name),
            let number = table.text.split(separator: " ").last, let end = name.lastIndex(of: "-")
        else { throw Unexpected(found: "\(parent)") }
        self.place = place
        mount = parent
        pool = "\(name[..<end])-pool"
        origin = (String(number), table.sectors)
    }

    func call(_ round: Int, _ extent: Extent) throws {
        let number = 5_000_000 + round
        let name = "\(pool)-bare"
        let node = FilePath("/dev/mapper/\(name)")
        try step(extent, number) { try message("create_snap \(number) \(origin.number)") }
        try activate(name, "/dev/mapper/\(pool) \(number)")
        do {
            var mount = mount
            mount.source = node.string
            mount.options.removeAll { $0 == "ro" }
            _ = try DetachedTree([mount])
        }
        try discard(node)
        try Self.run(CInt(DM_DEVICE_REMOVE), name, Self.setCookie)
        try step(extent, number, isEnd: true) { try message("delete \(number)") }
    }

    /// One change of the pool, with what is written down before and after it.
    private func step(_ extent: Extent, _ number: Int, isEnd: Bool = false, _ body: () throws -> Void) throws {
        guard extent == .withRecords else { return try body() }
        let (record, aside) = (place.appending("\(number)"), place.appending("\(number)-aside"))
        let text = [UInt8](repeating: 0x20, count: 256)
        let file = OwnedDescriptor(
            try sys("open a record") { open(place.appending("step").string, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        )
        try sys("write a record") { pwrite(file.rawValue, text, text.count, 0) }
        try sys("flush a record") { fdatasync(file.rawValue) }
        try body()
        if isEnd {
            try sys("delete a record") { unlink(record.string) }
        } else {
            try writeFile(text, to: aside, mode: .ownerReadWrite, flush: true)
            try sys("rename a record") { rename(aside.string, record.string) }
        }
        let before = try Self.transaction(of: pool)
        try message("set_transaction_id \(before) \(before + 1)")
    }

    private func activate(_ name: String, _ text: String) throws {
        try Self.run(CInt(DM_DEVICE_CREATE), name) { task in
            dm_task_add_target(task, 0, origin.sectors, "thin", text) != 0
                && dm_task_set_add_node(task, DM_ADD_NODE_ON_CREATE) != 0 && Self.setCookie(task)
        }
    }

    private func discard(_ node: FilePath) throws {
        let device = OwnedDescriptor(try sys("open \(node)") { open(node.string, O_RDWR | O_CLOEXEC) })
        try sys("discard \(node)") { linux_block_discard(device.rawValue, 0, origin.sectors << 9) }
    }

    private func message(_ text: String) throws {
        try Self.run(CInt(DM_DEVICE_TARGET_MSG), pool) { task in
            dm_task_set_sector(task, 0) != 0 && dm_task_set_message(task, text) != 0
        }
    }
}

extension BareDevice {
    private static func setCookie(_ task: OpaquePointer) -> Bool {
        var cookie: UInt32 = 0
        return dm_task_set_cookie(task, &cookie, UInt16(DM_UDEV_DISABLE_OTHER_RULES_FLAG)) != 0
    }

    private static func table(of name: String) throws -> (text: String, sectors: UInt64)? {
        try run(CInt(DM_DEVICE_TABLE), name, read: target)
    }

    /// Asked for without making the pool write what it knows.
    private static func transaction(of pool: String) throws -> UInt64 {
        let status = try run(CInt(DM_DEVICE_STATUS), pool, { dm_task_no_flush($0) != 0 }, read: target)
        guard let first = status?.text.split(separator: " ").first, let number = UInt64(first) else {
            throw Unexpected(found: "\(String(describing: status))")
        }
        return number
    }

    private static func target(_ task: OpaquePointer) -> (text: String, sectors: UInt64)? {
        var (start, length): (UInt64, UInt64) = (0, 0)
        var (type, text): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
        dm_get_next_target(task, nil, &start, &length, &type, &text)
        return text.map { (String(cString: $0), length) }
    }

    @discardableResult
    private static func run<Result>(
        _ kind: CInt,
        _ name: String,
        _ prepare: (OpaquePointer) -> Bool = { _ in true },
        read: (OpaquePointer) -> Result = { _ in }
    ) throws -> Result {
        guard let task = dm_task_create(kind) else {
            throw SystemError("ask the device mapper", .noSuchAddressOrDevice)
        }
        defer { dm_task_destroy(task) }
        guard dm_task_set_name(task, name) != 0, prepare(task), dm_task_run(task) != 0 else {
            throw SystemError("ask the device mapper for \(name)", Errno(rawValue: dm_task_get_errno(task)))
        }
        dm_task_update_nodes()
        return read(task)
    }
}
