import CLinux
import Glibc
import Linux
import OCI

/// The namespaces that a container's processes are made in or enter.
extension Spawn {
    typealias Joined = (type: String, descriptor: CInt)

    private static let flags: [String: UInt64] = [
        "mount": UInt64(LINUX_NEWNS), "pid": UInt64(LINUX_NEWPID),
        "uts": UInt64(LINUX_NEWUTS), "ipc": UInt64(LINUX_NEWIPC),
        "network": UInt64(LINUX_NEWNET), "cgroup": UInt64(LINUX_NEWCGROUP), "time": UInt64(LINUX_NEWTIME),
    ]

    /// Flags for those to make, and descriptors of those to join; but for the user namespace, from which all depends.
    static func namespaces(of spec: RuntimeSpec) throws -> (new: UInt64, joined: [Joined]) {
        var new = UInt64(LINUX_NEWNS)
        var joined: [Joined] = []
        for namespace in spec.linux?.namespaces ?? [] where namespace.type != "user" {
            guard let flag = flags[namespace.type] else {
                throw StepError("namespaces of type \(namespace.type) are not there yet")
            }
            guard let path = namespace.path, !path.isEmpty else {
                // A cgroup namespace's root is the groups that the process is in when it is made, a time namespace gets its
                // clocks before anybody is in it: the process makes both itself, in its own.
                if !["cgroup", "time"].contains(namespace.type) { new |= flag }
                continue
            }
            guard namespace.type != "mount" else { throw StepError("joining a mount namespace (\(path)) is not there") }
            joined.append((namespace.type, try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }))
        }
        return (new, joined)
    }

    /// A process changes its pid namespace only for its children; returns whether there was one to join.
    @discardableResult
    static func joinPIDs(_ joined: [Joined]) throws -> Bool {
        guard let namespace = joined.first(where: { $0.type == "pid" }) else { return false }
        try sys("join the pid namespace") { linux_setns(namespace.descriptor, CInt(LINUX_NEWPID)) }
        return true
    }

    /// The next child is in the namespace of process numbers that this process is in itself.
    static func returnToOwnPIDs() {
        let own = OwnedDescriptor(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC))
        if own.rawValue >= 0 { linux_setns(own.rawValue, CInt(LINUX_NEWPID)) }
    }

    /// All namespaces of the container in one call; those that it shares with the host can't be entered again, and need not.
    static func enter(_ handle: CInt, hasClocks: Bool, isRemapped: Bool) throws {
        let user = isRemapped ? CInt(LINUX_NEWUSER) : 0
        // Not every kernel has time namespaces.
        let wanted = flags.filter { hasClocks || $0.key != "time" }
        let all = wanted.values.reduce(0, |)
        if linux_setns(handle, CInt(truncatingIfNeeded: all) | user) == 0 { return }
        for type in ["cgroup", "ipc", "uts", "network", "pid", "time", "mount"] where wanted[type] != nil {
            try sys("join the \(type) namespace") { linux_setns(handle, CInt(truncatingIfNeeded: flags[type] ?? 0)) }
        }
        // Last: without the host's rights it could not join what is the host's.
        if isRemapped { try sys("join the user namespace") { linux_setns(handle, user) } }
    }
}
