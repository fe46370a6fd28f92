/// Linux capabilities as users name them.
enum Capability {
    /// Docker's default set.
    static let standard = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ]

    /// Every capability of `capability.h`, by number; the launcher leaves out what the host lacks.
    static let all = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ].map { "CAP_" + $0 }

    /// The full name of what a user typed; nil if there is no such capability. `ALL` stays.
    static func normalised(_ name: String) -> String? {
        let upper = name.uppercased()
        if upper == "ALL" || upper == "CAP_ALL" { return "ALL" }
        let full = upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
        return all.contains(full) ? full : nil
    }

    /// Docker's rule: drops first, then adds; `ALL` with drops is all but those.
    static func set(privileged: Bool, add: [String], drop: [String]) -> [String] {
        if privileged { return all }
        let adds = Set(add.compactMap(normalised))
        let drops = Set(drop.compactMap(normalised))
        if adds.contains("ALL") { return all.filter { !drops.contains($0) || adds.contains($0) } }
        let base = drops.contains("ALL") ? [] : standard.filter { !drops.contains($0) }
        return all.filter { base.contains($0) || adds.contains($0) }
    }
}
