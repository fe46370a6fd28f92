import Linux
import SystemPackage

/// Which limits this host's kernel and its control groups can hold.
package struct LimitSupport: Sendable, Equatable {
    package var memory = false
    package var swap = false
    package var reservation = false
    package var swappiness = false
    package var withoutOOMKiller = false
    package var kernelTCP = false
    package var cpuShares = false
    package var cpuQuota = false
    package var realtime = false
    package var cpuset = false
    package var pids = false
    package var blockWeight = false
    package var blockDeviceWeight = false
    package var blockRates = false

    package init() {}
}

extension Hierarchies {
    /// What the kernel shows files for; with v2, which controllers there are.
    package var support: LimitSupport { unified.map(unifiedSupport) ?? oldSupport }

    private var oldSupport: LimitSupport {
        func has(_ controller: String, _ file: String) -> Bool {
            controllers[controller].map { Self.has($0, "\(controller).\(file)") } ?? false
        }
        var support = LimitSupport()
        support.memory = has("memory", "limit_in_bytes")
        support.swap = has("memory", "memsw.limit_in_bytes")
        support.reservation = has("memory", "soft_limit_in_bytes")
        support.swappiness = has("memory", "swappiness")
        support.withoutOOMKiller = has("memory", "oom_control")
        support.kernelTCP = has("memory", "kmem.tcp.limit_in_bytes")
        support.cpuShares = has("cpu", "shares")
        support.cpuQuota = has("cpu", "cfs_quota_us")
        support.realtime = has("cpu", "rt_runtime_us")
        support.cpuset = has("cpuset", "cpus")
        support.pids = controllers["pids"] != nil
        support.blockWeight = has("blkio", "bfq.weight") || has("blkio", "weight")
        support.blockDeviceWeight = has("blkio", "bfq.weight_device") || has("blkio", "weight_device")
        support.blockRates = has("blkio", "throttle.read_bps_device")
        return support
    }

    /// Whether groups have that file: some are not there in the topmost one, so those below it are asked, too, which have the
    /// other one. Without any it is taken to be there.
    private static func has(_ root: FilePath, _ file: String, beside other: String = "tasks") -> Bool {
        if exists(root.appending(file)) { return true }
        // What can't be listed tells nothing.
        let below = ((try? listFolder(root)) ?? []).map { root.appending($0) }.filter { exists($0.appending(other)) }
        return below.isEmpty || below.contains { exists($0.appending(file)) }
    }

    private func unifiedSupport(_ root: FilePath) -> LimitSupport {
        let text = Counters.text(root.appending("cgroup.controllers")) ?? ""
        let there = Set(text.split(whereSeparator: \.isWhitespace))
        var support = LimitSupport()
        support.memory = there.contains("memory")
        support.reservation = support.memory
        support.swap = support.memory && Self.has(root, "memory.swap.max", beside: "memory.max")
        support.cpuShares = there.contains("cpu")
        support.cpuQuota = support.cpuShares
        support.cpuset = there.contains("cpuset")
        support.pids = there.contains("pids")
        support.blockRates = there.contains("io")
        support.blockWeight = support.blockRates
        support.blockDeviceWeight = support.blockRates && Self.has(root, "io.bfq.weight", beside: "io.max")
        return support
    }
}
