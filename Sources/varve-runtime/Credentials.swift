import CCap
import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol

/// What the process may do: capabilities, ids, limits. Taken last, since every earlier step needs more.
enum Credentials {
    /// All that the library knows, as OCI writes them.
    static var names: [String] {
        (0..<64 as Range<cap_value_t>).compactMap { value in
            guard let name = cap_to_name(value) else { return nil }
            defer { cap_free(name) }
            let text = String(cString: name)
            return text.hasPrefix("cap_") ? text.uppercased() : nil
        }
    }

    /// Capabilities of `names` that this host's root has; the others are told as warnings, not refused: a host that lacks
    /// one (here often CAP_SYS_RESOURCE) can't give it to anybody.
    static func available(_ names: [String], warnings: inout [String]) -> [cap_value_t] {
        var values: [cap_value_t] = []
        for name in names {
            var value: cap_value_t = 0
            guard cap_from_name(name.lowercased(), &value) == 0 else {
                warnings.append("unknown capability \(name)")
                continue
            }
            if cap_get_bound(value) == 1 {
                values.append(value)
            } else {
                warnings.append("\(name) is not this host's to give")
            }
        }
        return values
    }

    /// Changes ids and capabilities in the one order that works: the bounding set while CAP_SETPCAP is there, ids while
    /// CAP_SETUID is, and the sets at the end, kept over the change of ids.
    static func take(_ account: Accounts, _ sets: RuntimeCapabilities?) throws {
        var ignored: [String] = []
        let bounding = available(sets?.bounding ?? [], warnings: &ignored)
        let effective = available(sets?.effective ?? sets?.bounding ?? [], warnings: &ignored)
        for value in 0...cap_value_t(63) where cap_get_bound(value) == 1 && !bounding.contains(value) {
            try sys("drop capability \(value)") { cap_drop_bound(value) }
        }
        try sys("keep capabilities") { linux_prctl(CInt(LINUX_PR_SET_KEEPCAPS), 1, 0) }
        try sys("set the groups") { setgroups(account.groups.count, account.groups) }
        try sys("set the group \(account.gid)") { linux_set_group(account.gid) }
        try sys("set the user \(account.uid)") { linux_set_user(account.uid) }
        let ambient = available(sets?.ambient ?? [], warnings: &ignored)
        let inheritable = available(sets?.inheritable ?? [], warnings: &ignored)
        // Of a user's, only those last that are ambient.
        try set(account.uid == 0 ? effective : ambient, inheritable: inheritable)
        for value in ambient where inheritable.contains(value) {
            try sys("raise the ambient capability \(value)") {
                linux_prctl(CInt(LINUX_PR_CAP_AMBIENT), UInt(LINUX_PR_CAP_AMBIENT_RAISE), UInt(value))
            }
        }
        // The kernel clears it on exec anyway; a user's process must not have it until then.
        try sys("forget kept capabilities") { linux_prctl(CInt(LINUX_PR_SET_KEEPCAPS), 0, 0) }
    }

    /// Permitted and effective are the same; inheritable is empty where nobody asks for more (CVE-2022-24769).
    private static func set(_ values: [cap_value_t], inheritable: [cap_value_t]) throws {
        guard let state = cap_init() else { throw StepError("no memory for capabilities") }
        defer { cap_free(UnsafeMutableRawPointer(state)) }
        if !values.isEmpty {
            cap_set_flag(state, CAP_PERMITTED, CInt(values.count), values, CAP_SET)
            cap_set_flag(state, CAP_EFFECTIVE, CInt(values.count), values, CAP_SET)
        }
        if !inheritable.isEmpty { cap_set_flag(state, CAP_INHERITABLE, CInt(inheritable.count), inheritable, CAP_SET) }
        try sys("set the capabilities") { cap_set_proc(state) }
    }
}

/// Resource limits, by their OCI names.
enum Limits {
    static let numbers: [String: Int32] = [
        "RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3, "RLIMIT_CORE": 4, "RLIMIT_RSS": 5,
        "RLIMIT_NPROC": 6, "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10,
        "RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12, "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15,
    ]

    /// Sets each limit; one above what this host's root may give is set as high as it goes, and told as a warning.
    ///
    /// With `onlyHigher`, for a process that has yet to do what takes more, none becomes lower.
    static func set(_ limits: [RuntimeRlimit], onlyHigher: Bool = false, warnings: inout [String]) throws {
        for var limit in limits {
            if onlyHigher { limit = try max(limit, now: limit.type) }
            guard let number = numbers[limit.type] else { throw StepError("unknown resource limit \(limit.type)") }
            let resource = __rlimit_resource_t(UInt32(number))
            var wanted = rlimit(rlim_cur: rlim_t(limit.soft), rlim_max: rlim_t(limit.hard))
            if setrlimit(resource, &wanted) == 0 { continue }
            var now = rlimit()
            try sys("read \(limit.type)") { getrlimit(resource, &now) }
            wanted = rlimit(
                rlim_cur: min(rlim_t(limit.soft), now.rlim_max),
                rlim_max: min(rlim_t(limit.hard), now.rlim_max)
            )
            try sys("set \(limit.type) to \(limit.soft):\(limit.hard)") { setrlimit(resource, &wanted) }
            warnings.append("\(limit.type) is \(wanted.rlim_max): this host's root may not raise it")
        }
    }

    /// The limit, or what there is where that is more.
    private static func max(_ limit: RuntimeRlimit, now type: String) throws -> RuntimeRlimit {
        guard let number = numbers[type] else { return limit }
        var now = rlimit()
        try sys("read \(type)") { getrlimit(__rlimit_resource_t(UInt32(number)), &now) }
        var limit = limit
        limit.hard = Swift.max(limit.hard, UInt64(now.rlim_max))
        limit.soft = Swift.max(limit.soft, UInt64(now.rlim_cur))
        return limit
    }
}
