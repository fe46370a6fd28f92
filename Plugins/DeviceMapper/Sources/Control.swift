// The kernel's device mapper, through libdevmapper: one function a request. The library keeps lists of its own
// without a lock, so one request runs at a time in this process.
//
// Device nodes. Where udevd runs, programs that use the library wait for it to make the node, and hang for as long as
// udevd does. Here udevd is told to keep its rules off these devices, for which it has no use, and nobody waits: the
// library makes the node itself, with and without udevd.

import CDeviceMapper
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Requests to the device mapper.
enum Control {
    /// One line of a device's table, or of its status: which sectors are mapped how.
    struct Target: Equatable {
        var start: UInt64 = 0
        /// In sectors of 512 bytes.
        var length: UInt64
        /// `thin`, `thin-pool`.
        var type: String
        /// What follows the type: parameters of a table, or the target's words in a status.
        var text: String
    }

    /// What there is under a name.
    struct Info: Equatable {
        /// False for a device whose making was cut short, too: it maps nothing.
        var isComplete: Bool
        var isSuspended: Bool
        /// It goes when its last user does.
        var isLeaving: Bool
        var openCount: Int
        /// Its number, as in `/dev/dm-7`.
        var minor: UInt32
    }

    /// Where the device `name` is to be found.
    static func node(_ name: String) -> FilePath { FilePath("/dev/mapper").appending(name) }

    /// The version of the kernel's interface, `4.48.0`; fails where there is no device mapper.
    static func driverVersion() throws(SystemError) -> String {
        try run(DM_DEVICE_VERSION, nil, "ask for the device mapper's version") { task in
            var text = [CChar](repeating: 0, count: 64)
            dm_task_get_driver_version(task, &text, text.count)
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The library's version, `1.02.185 (2022-05-18)`.
    static func libraryVersion() -> String {
        var text = [CChar](repeating: 0, count: 64)
        guard dm_get_library_version(&text, text.count) != 0 else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Loads the module of a target type, if the kernel has it.
    static func require(target: String) throws(SystemError) {
        try run(DM_DEVICE_GET_TARGET_VERSION, target, "look for the target \(target)") { _ in }
    }

    /// What there is under `name`; nil if nothing.
    static func info(_ name: String) throws(SystemError) -> Info? {
        try run(DM_DEVICE_INFO, name, "look at the device \(name)") { task in
            var info = dm_info()
            guard dm_task_get_info(task, &info) != 0, info.exists != 0 else { return nil }
            return Info(
                isComplete: info.live_table != 0,
                isSuspended: info.suspended != 0,
                isLeaving: info.deferred_remove != 0,
                openCount: Int(info.open_count),
                minor: info.minor
            )
        }
    }

    /// The names of all devices.
    static func names() throws(SystemError) -> [String] {
        try run(DM_DEVICE_LIST, nil, "list the device mapper's devices") { task in
            var names: [String] = []
            let list = dm_task_get_names(task)
            while let name = varve_dm_name(list, CInt(names.count)) { names.append(String(cString: name)) }
            return names
        }
    }

    /// Makes the device `name` with one target and a node.
    static func create(_ name: String, _ target: Target) throws(SystemError) {
        try run(
            DM_DEVICE_CREATE,
            name,
            "make the device \(name) (\(target.type) \(target.text))",
            { task in
                dm_task_add_target(task, target.start, target.length, target.type, target.text) != 0
                    && dm_task_set_add_node(task, DM_ADD_NODE_ON_CREATE) != 0
                    && dm_task_set_mode(task, 0o600) != 0
            }
        ) { _ in }
    }

    /// Makes the node of a device whose node is gone.
    static func makeNode(_ name: String) throws(SystemError) {
        try run(DM_DEVICE_MKNODES, name, "make the node of \(name)") { _ in }
    }

    /// Removes the device `name`; if `deferred`, as soon as its last user is gone. One that is gone is no error.
    static func remove(_ name: String, deferred: Bool = false) throws(SystemError) {
        do throws(SystemError) {
            try run(
                DM_DEVICE_REMOVE,
                name,
                "remove the device \(name)",
                { task in !deferred || dm_task_deferred_remove(task) != 0 }
            ) { _ in }
        } catch {
            // It may have been about to leave, and have done so just now.
            guard error.errno == .noSuchAddressOrDevice else { throw error }
        }
    }

    /// Stops all input and output of the device `name`, after what is under way; a file system on it is frozen, unless
    /// `isPlain`.
    static func suspend(_ name: String, isPlain: Bool = false) throws(SystemError) {
        try run(
            DM_DEVICE_SUSPEND,
            name,
            "suspend the device \(name)",
            { task in !isPlain || dm_task_skip_lockfs(task) != 0 && dm_task_no_flush(task) != 0 }
        ) { _ in }
    }

    /// Goes on, with the new table if one was loaded.
    static func resume(_ name: String) throws(SystemError) {
        try run(DM_DEVICE_RESUME, name, "resume the device \(name)") { _ in }
    }

    /// Loads a table that `resume` puts in place.
    static func load(_ name: String, _ target: Target) throws(SystemError) {
        try run(
            DM_DEVICE_RELOAD,
            name,
            "load a table for \(name) (\(target.type) \(target.text))",
            { task in dm_task_add_target(task, target.start, target.length, target.type, target.text) != 0 }
        ) { _ in }
    }

    /// Sends a message to the device's target.
    static func message(_ text: String, to name: String) throws(SystemError) {
        try run(
            DM_DEVICE_TARGET_MSG,
            name,
            "send \(text) to \(name)",
            { task in dm_task_set_sector(task, 0) != 0 && dm_task_set_message(task, text) != 0 }
        ) { _ in }
    }

    /// The device's first target with the target's words about its state; nil where there is none.
    ///
    /// Unless `isPlain`, a pool writes all that it knows to its disks before it answers.
    static func status(_ name: String, isPlain: Bool) throws(SystemError) -> Target? {
        try run(
            DM_DEVICE_STATUS,
            name,
            "ask for the status of \(name)",
            { task in !isPlain || dm_task_no_flush(task) != 0 },
            read: firstTarget
        )
    }

    /// The device's first target as it was made; nil where there is none, or no device any more.
    static func table(_ name: String) throws(SystemError) -> Target? {
        do throws(SystemError) {
            return try run(DM_DEVICE_TABLE, name, "ask for the table of \(name)", read: firstTarget)
        } catch {
            // One that is leaving goes when the kernel gets round to it.
            guard error.errno == .noSuchAddressOrDevice else { throw error }
            return nil
        }
    }

    /// Shows the library's messages up to this level (2 to 7) on standard error.
    static func show(level: Int) { queue.withLock { _ in varve_dm_show(CInt(level)) } }

    private static func firstTarget(_ task: OpaquePointer) -> Target? {
        var start: UInt64 = 0
        var length: UInt64 = 0
        var type: UnsafeMutablePointer<CChar>?
        var text: UnsafeMutablePointer<CChar>?
        dm_get_next_target(task, nil, &start, &length, &type, &text)
        guard let type else { return nil }
        return Target(
            start: start,
            length: length,
            type: String(cString: type),
            text: text.map { String(cString: $0) } ?? ""
        )
    }
}

extension Control {
    private static let queue = Mutex(false)
    private static let noDevice = Errno(rawValue: ENODEV)

    /// Runs one request: `prepare` fills it in and says whether that worked, `read` takes the answer.
    private static func run<Result>(
        _ kind: some BinaryInteger,
        _ name: String?,
        _ what: @autoclosure () -> String,
        _ prepare: (OpaquePointer) -> Bool = { _ in true },
        read: (OpaquePointer) -> Result
    ) throws(SystemError) -> Result {
        try queue.withLock { isStarted throws(SystemError) in
            if !isStarted { start() }
            // The library looks for the device mapper before it makes the first request.
            guard let task = dm_task_create(CInt(kind)) else { throw SystemError(what(), Self.noDevice) }
            defer { dm_task_destroy(task) }
            guard name.map({ dm_task_set_name(task, $0) != 0 }) ?? true, prepare(task), keepUdevOut(task, CInt(kind))
            else { throw SystemError(what(), .invalidArgument) }
            guard dm_task_run(task) != 0 else {
                let errno = Errno(rawValue: dm_task_get_errno(task))
                throw SystemError(what(), errno.rawValue == 0 ? Self.noDevice : errno)
            }
            dm_task_update_nodes()
            if !isStarted { isStarted = closesOnExec() }
            return read(task)
        }
    }

    private static func start() {
        varve_dm_start()
        // Names as they are: a layer's may have any character but a slash.
        dm_set_name_mangling_mode(DM_STRING_MANGLING_NONE)
        dm_udev_set_sync_support(0)
    }

    /// Marks the library's descriptor, which it leaves open to every program that this one starts.
    private static func closesOnExec() -> Bool {
        for number in (try? listFolder("/proc/self/fd")) ?? [] {
            var target = [CChar](repeating: 0, count: 64)
            guard let descriptor = CInt(number), readlink("/proc/self/fd/\(number)", &target, 63) > 0 else { continue }
            if strcmp(target, "/dev/mapper/control") == 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
        return true
    }

    /// Without a semaphore to wait for, since `dm_udev_set_sync_support(0)`: only the flags reach udevd.
    private static func keepUdevOut(_ task: OpaquePointer, _ kind: CInt) -> Bool {
        guard [CInt(DM_DEVICE_CREATE), CInt(DM_DEVICE_RESUME), CInt(DM_DEVICE_REMOVE)].contains(kind) else {
            return true
        }
        let flags =
            DM_UDEV_DISABLE_DM_RULES_FLAG | DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG | DM_UDEV_DISABLE_DISK_RULES_FLAG
            | DM_UDEV_DISABLE_OTHER_RULES_FLAG
        var cookie: UInt32 = 0
        return dm_task_set_cookie(task, &cookie, UInt16(flags)) != 0
    }
}
