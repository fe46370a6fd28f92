// fuse-overlayfs is a process that the kernel asks for each name and file of its mount. The mount is made here, not by
// that process: it is nowhere to be seen until the process has answered once, and then appears in one step. Killed before
// that, everything goes by itself, since the last descriptor of the mount closes; killed after it, mount and process
// stay, and are found again by who opens the layer.
//
// The process holds a lock that it inherits on the layer's work folder. Who gets the lock knows that the process, also one
// that an earlier daemon started, is gone, and with it all that it may still have written.

import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Mounts with fuse-overlayfs.
struct FuseServer: Sendable {
    /// Where fuse-overlayfs is.
    let program: FilePath
    /// The descriptor by which a server has its lock: the last of `descriptors`.
    private static let lockNumber = 4
    /// The processes that this one started, by the folder whose lock they hold: they are its children.
    private static let children = Mutex([String: pid_t]())

    /// Starts the process with `options`, whose paths are relative to `folder`, and shows it at `target`.
    func mount(
        _ options: String,
        from folder: FilePath,
        at target: FilePath,
        holding lock: borrowing FolderLock
    ) throws(SystemError) {
        let device = OwnedDescriptor(try sys("open /dev/fuse") { open("/dev/fuse", O_RDWR | O_CLOEXEC) })
        let detached = try Self.mount(device.rawValue).makeDetached()
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { linux_pipe(&ends) }
        let reading = OwnedDescriptor(ends[0])
        let writing = OwnedDescriptor(ends[1])
        let pid = try startProgram(
            program,
            [program.string, "-f", "-o", options, "/dev/fd/3"],
            in: folder,
            descriptors: [writing.rawValue, writing.rawValue, device.rawValue, lock.rawValue]
        )
        // Ours must be closed: the kernel tells of the server's end when nobody has the device open any more.
        _ = consume device
        _ = consume writing
        do throws(SystemError) {
            let watch = try Watch(pid)
            defer { watch.end() }
            var status = stat()
            // The first answer: the server has read its branches.
            try sys("start \(program)") { fstat(detached.rawValue, &status) }
            try sys("show \(target)") {
                move_mount(detached.rawValue, "", AT_FDCWD, target.string, UInt32(MOVE_MOUNT_F_EMPTY_PATH))
            }
            let former = Self.children.withLock { [key = lock.path.string] in $0.updateValue(pid, forKey: key) }
            if let former { Self.wait(for: former) }
        } catch {
            Glibc.kill(pid, SIGKILL)
            Self.wait(for: pid)
            let words = Self.words(reading.rawValue)
            throw words.isEmpty ? error : SystemError("\(error.call): \(words)", error.errno)
        }
    }

    /// Waits until the servers that hold the lock on `folder`, and whose mounts are gone, have ended; those that do not are
    /// killed. Gives the lock; nil if somebody still has it.
    static func end(holding folder: FilePath, _ program: FilePath?) throws -> FolderLock? {
        let lock = try FolderLock(folder)
        if try !lock.take(milliseconds: 1000) {
            kill(holding: folder, program: program)
            guard try lock.take(milliseconds: 10_000) else { return nil }
        }
        reap(folder)
        return lock
    }

    /// Ends the servers that hold the lock on `folder`, whoever started them; `program` is what this host's servers run.
    ///
    /// A server outlives its mount if another mount namespace was made meanwhile and has a copy of it, which nobody uses.
    /// Whoever else has the folder open is not ours to end.
    static func kill(holding folder: FilePath, program: FilePath?) {
        var (wanted, status) = (stat(), stat())
        guard stat(folder.string, &wanted) == 0 else { return }
        for name in (try? listFolder("/proc")) ?? [] {
            guard let pid = pid_t(name), pid != getpid(), isServer(pid, program),
                stat("/proc/\(pid)/fd/\(lockNumber)", &status) == 0,
                status.st_dev == wanted.st_dev, status.st_ino == wanted.st_ino
            else { continue }
            Glibc.kill(pid, SIGKILL)
        }
    }

    /// Whether the process runs `program`, or what is called as Debian's is: an earlier daemon may have had another one.
    private static func isServer(_ pid: pid_t, _ program: FilePath?) -> Bool {
        var (wanted, status) = (stat(), stat())
        let executable = "/proc/\(pid)/exe"
        if let program, stat(program.string, &wanted) == 0, stat(executable, &status) == 0,
            status.st_dev == wanted.st_dev, status.st_ino == wanted.st_ino
        {
            return true
        }
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(executable, &target, target.count)
        let path = String(decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // An upgrade deletes what still runs.
        return ["/fuse-overlayfs", "/fuse-overlayfs (deleted)"].contains { path.hasSuffix($0) }
    }

    /// Collects the ended process that held the lock on `folder`, if this process started it.
    static func reap(_ folder: FilePath) {
        if let pid = children.withLock({ $0.removeValue(forKey: folder.string) }) { wait(for: pid) }
    }

    private static func wait(for pid: pid_t) {
        var status: CInt = 0
        _ = try? sys("wait for fuse-overlayfs") { waitpid(pid, &status, 0) }  // somebody else may have collected it
    }

    /// Rights are the kernel's to check, for all users.
    private static func mount(_ device: CInt) -> Mount {
        let options = [
            "fd=\(device)", "rootmode=40000", "user_id=0", "group_id=0", "allow_other", "default_permissions",
        ]
        return Mount(type: "fuse", source: "fuse-overlayfs", options: options + ["subtype=fuse-overlayfs"])
    }

    /// What the ended process said, on one line.
    private static func words(_ log: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = max(0, read(log, &buffer, buffer.count))
        let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
        // It says so at every start, of an option that it gives itself.
        return lines.filter { !$0.hasPrefix("unknown argument ignored") }.joined(separator: "; ")
    }
}

/// Kills a server that does not answer: who has asked it would wait for ever.
private struct Watch {
    private static let limit: Int32 = 30_000
    private let answer: Alarm
    private let thread: OSThread

    init(_ pid: pid_t) throws(SystemError) {
        let answer = try Alarm()
        thread = try OSThread { if !answer.wait(milliseconds: Self.limit) { kill(pid, SIGKILL) } }
        self.answer = answer
    }

    /// It has answered, or ended; nobody may collect it before.
    func end() {
        answer.ring()
        thread.join()
    }
}

/// Takes away all mounts on `target`; one that is in use is only detached, and ends with its last user.
func unmountAll(_ target: FilePath) throws {
    while true {
        do { try unmount(target) } catch {
            switch error.errno {
            case .invalidArgument, .noSuchFileOrDirectory: return  // nothing is mounted there (any more)
            case .resourceBusy: try unmount(target, detach: true)
            default: throw error
            }
        }
    }
}

/// Whether something is mounted on `path`, and answers: a mount whose server is gone does not.
func isMount(_ path: FilePath) -> Bool {
    var (status, above) = (stat(), stat())
    let parent = path.removingLastComponent()
    guard lstat(path.string, &status) == 0, lstat(parent.string, &above) == 0 else { return false }
    // The kernel may have the folder's state at hand; for what statfs(2) says it has to ask.
    return status.st_dev != above.st_dev && (try? FileSystemType(of: path)) != nil
}
