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
