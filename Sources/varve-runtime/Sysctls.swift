import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// Kernel settings of the container's namespaces, written through its own fresh `/proc`.
enum Sysctls {
    /// Those of System V's IPC; the others below `kernel` are the host's. (man 7 ipc_namespaces)
    private static let ipc: Set<String> = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    ]

    /// Docker's own defaults: a kernel that is built without IPv4 has no such files.
    private static let optional: Set<String> = [
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
    ]

    static func apply(_ settings: [String: String], in root: borrowing ContainerRoot) throws {
        if settings.isEmpty { return }
        let proc = try root.open("/proc")
        guard try ProcFiles.isOfProc(proc.rawValue) else { throw StepError("sysctls need a /proc of the kernel's") }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            // Both forms are in use: `net.ipv4.ip_forward` and `net/ipv4/ip_forward`, in which a dot is part of a name.
            let hasSlashes = name.contains("/") && !name.prefix { $0 != "/" }.contains(".")
            let key = hasSlashes ? name.replacing("/", with: ".") : name
            guard let namespace = namespace(of: key), try !WarmUp.isOfHost(namespace), !name.contains("..") else {
                throw StepError("sysctl \"\(name)\" is not in a separate kernel namespace")
            }
            let path = "sys/" + (hasSlashes ? name : name.replacing(".", with: "/"))
            let file = OwnedDescriptor(
                linux_open_beneath(proc.rawValue, path, UInt64(O_WRONLY | O_NONBLOCK | O_CLOEXEC))
            )
            if file.rawValue < 0 {
                if errno == ENOENT, optional.contains(key) { continue }
                throw SystemError("open /proc/\(path)", .init(rawValue: errno))
            }
            try sys("set \(name) to \(value)") { write(file.rawValue, value, value.utf8.count) }
        }
    }

    /// Whose setting it is, as `/proc/PID/ns` calls it; nil: the host's.
    private static func namespace(of key: String) -> String? {
        if key.hasPrefix("net.") { return "net" }
        if key.hasPrefix("fs.mqueue.") || ipc.contains(key) { return "ipc" }
        return key == "kernel.domainname" ? "uts" : nil
    }
}

extension String {
    /// `self` with every `old` replaced.
    fileprivate func replacing(_ old: Character, with new: Character) -> String { String(map { $0 == old ? new : $0 }) }
}
