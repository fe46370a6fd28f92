import Linux
import OCI
import SystemPackage

/// Memory that a container uses, in bytes; nil is what this kernel does not tell.
package struct MemoryUsage: Sendable {
    package var current: UInt64?
    /// Nil: none.
    package var limit: UInt64?
    /// The most that was ever used; v1 alone tells.
    package var most: UInt64?
    /// How many times the limit was reached; v1 alone tells.
    package var failures: UInt64?
    /// The kernel's `memory.stat`.
    package var details: [String: UInt64] = [:]
}

extension ControlGroup {
    package var memory: MemoryUsage {
        var usage = MemoryUsage()
        if let unified {
            usage.current = Counters.one(unified.appending("memory.current"))
            usage.limit = Counters.one(unified.appending("memory.max"))
            usage.details = Counters.all(unified.appending("memory.stat"))
        } else if let folder = folder(of: "memory") {
            usage.current = Counters.one(folder.appending("memory.usage_in_bytes"))
            usage.limit = Counters.one(folder.appending("memory.limit_in_bytes"))
            usage.most = Counters.one(folder.appending("memory.max_usage_in_bytes"))
            usage.failures = Counters.one(folder.appending("memory.failcnt"))
            usage.details = Counters.all(folder.appending("memory.stat"))
        }
        return usage
    }
}

extension ControlGroup {
    /// How many processes the kernel has killed for want of memory; nil is what this kernel does not tell.
    package var kills: UInt64? {
        if let unified { return Counters.all(unified.appending("memory.events"))["oom_kill"] }
        return Counters.all(folder(of: "memory")?.appending("memory.oom_control"))["oom_kill"]
    }

    /// Memory and swap. (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst, "Memory")
    func limit(_ memory: RuntimeMemory) throws {
        if let unified { return try limit(memory, unified: unified) }
        guard let folder = folder(of: "memory") else { return }
        try setLimits(memory, folder)
        for (name, value) in [
            ("memory.soft_limit_in_bytes", memory.reservation), ("memory.kmem.tcp.limit_in_bytes", memory.kernelTCP),
            ("memory.swappiness", memory.swappiness),
        ] { if let value { try setControl(folder.appending(name), "\(value)") } }
        if let isOff = memory.disableOOMKiller {
            try setControl(folder.appending("memory.oom_control"), isOff ? "1" : "0")
        }
    }

    /// At each moment the limit of both must not be below that of memory alone: whichever grows goes first.
    private func setLimits(_ memory: RuntimeMemory, _ folder: FilePath) throws {
        let both = memory.swap ?? (memory.limit == -1 ? -1 : nil)
        var writes = [("memory.limit_in_bytes", memory.limit), ("memory.memsw.limit_in_bytes", both)]
        if let both, let now = Counters.one(folder.appending("memory.memsw.limit_in_bytes")),
            both == -1 || UInt64(clamping: both) > now
        {
            writes.reverse()
        }
        for (name, value) in writes {
            guard let value else { continue }
            let path = folder.appending(name)
            // A kernel that does not count swap has no such file: then there is nothing to leave without a limit.
            if name.contains("memsw"), value == -1, !exists(path) { continue }
            try setControl(path, "\(value)")
        }
    }

    private func limit(_ memory: RuntimeMemory, unified: FilePath) throws {
        func text(_ value: Int64) -> String { value < 0 ? "max" : "\(value)" }
        if let limit = memory.limit { try setControl(unified.appending("memory.max"), text(limit)) }
        if let both = memory.swap {
            // v2 limits swap by itself.
            let limit = memory.limit ?? Counters.one(unified.appending("memory.max")).map(Int64.init(clamping:)) ?? -1
            guard both < 0 || limit >= 0 else {
                throw SystemError("limit swap where memory is not limited", .invalidArgument)
            }
            let path = unified.appending("memory.swap.max")
            if both >= 0 || exists(path) { try setControl(path, both < 0 ? "max" : text(max(0, both - limit))) }
        }
        if let reservation = memory.reservation {
            try setControl(unified.appending("memory.low"), text(max(0, reservation)))
        }
    }
}
