import Glibc
import Linux
import OCI
import SystemPackage

/// Processor time that a container took (v1: `cpu` and `cpuacct`; v2: `cpu`), in nanoseconds.
package struct CPUTime: Sendable {
    package var total: UInt64 = 0
    package var user: UInt64 = 0
    package var kernel: UInt64 = 0
    /// By processor; v1 alone tells.
    package var each: [UInt64]?
    /// How many times a limit was looked at, how many of them it was reached, and how long that made the container wait.
    package var periods: UInt64 = 0
    package var throttledPeriods: UInt64 = 0
    package var throttledTime: UInt64 = 0
}

extension ControlGroup {
    package var cpu: CPUTime {
        var usage = CPUTime()
        let counters = Counters.all((folder(of: "cpu") ?? unified)?.appending("cpu.stat"))
        usage.periods = counters["nr_periods"] ?? 0
        usage.throttledPeriods = counters["nr_throttled"] ?? 0
        guard unified == nil else {
            usage.throttledTime = (counters["throttled_usec"] ?? 0) &* 1000
            usage.total = (counters["usage_usec"] ?? 0) &* 1000
            usage.user = (counters["user_usec"] ?? 0) &* 1000
            usage.kernel = (counters["system_usec"] ?? 0) &* 1000
            return usage
        }
        usage.throttledTime = counters["throttled_time"] ?? 0
        let accounts = folder(of: "cpuacct")
        usage.total = Counters.one(accounts?.appending("cpuacct.usage")) ?? 0
        usage.each = Counters.text(accounts?.appending("cpuacct.usage_percpu"))?
            .split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        let ticks = Counters.all(accounts?.appending("cpuacct.stat"))
        usage.user = (ticks["user"] ?? 0) &* CPUTime.tick
        usage.kernel = (ticks["system"] ?? 0) &* CPUTime.tick
        return usage
    }
}

extension ControlGroup {
    /// Shares, quota and processors. (Documentation/scheduler/sched-bwc.rst, cgroup-v2.rst, "CPU")
    func limit(_ cpu: RuntimeCPU) throws {
        if let unified { return try limit(cpu, unified: unified) }
        if let folder = folder(of: "cpu") {
            if let shares = cpu.shares { try setControl(folder.appending("cpu.shares"), "\(shares)") }
            try setQuota(cpu, folder)
            if let period = cpu.realtimePeriod { try setControl(folder.appending("cpu.rt_period_us"), "\(period)") }
            if let runtime = cpu.realtimeRuntime { try setControl(folder.appending("cpu.rt_runtime_us"), "\(runtime)") }
        }
        guard let folder = folder(of: "cpuset") else { return }
        if let cpus = cpu.cpus { try setControl(folder.appending("cpuset.cpus"), cpus) }
        if let mems = cpu.mems { try setControl(folder.appending("cpuset.mems"), mems) }
    }

    private func setQuota(_ cpu: RuntimeCPU, _ folder: FilePath) throws {
        let period = folder.appending("cpu.cfs_period_us")
        var isLate = false
        if let value = cpu.period {
            // Refused where the quota that is there is more than the new period allows: then the quota comes first.
            do { try setControl(period, "\(value)") } catch let error as SystemError
                where error.errno == .invalidArgument
            {
                isLate = true
            }
        }
        if let quota = cpu.quota {
            try setControl(folder.appending("cpu.cfs_quota_us"), "\(quota > 0 ? quota : -1)")
        }
        if isLate, let value = cpu.period { try setControl(period, "\(value)") }
    }

    private func limit(_ cpu: RuntimeCPU, unified: FilePath) throws {
        if let shares = cpu.shares, shares > 0 {
            try setControl(unified.appending("cpu.weight"), "\(Self.weight(shares: shares))")
        }
        if cpu.quota != nil || cpu.period != nil {
            let now = Counters.text(unified.appending("cpu.max"))?.split(whereSeparator: \.isWhitespace) ?? []
            let old = now.first.map(String.init) ?? "max"
            let quota = cpu.quota.map { $0 > 0 ? "\($0)" : "max" } ?? old
            let period = cpu.period.map { "\($0)" } ?? now.dropFirst().first.map(String.init) ?? "100000"
            try setControl(unified.appending("cpu.max"), "\(quota) \(period)")
        }
        if let cpus = cpu.cpus { try setControl(unified.appending("cpuset.cpus"), cpus) }
        if let mems = cpu.mems { try setControl(unified.appending("cpuset.mems"), mems) }
    }

    /// v1's shares, 2 to 262144, as v2's weight, 1 to 10000: both ends meet, and 1024 becomes 100, the usual of each.
    package static func weight(shares: UInt64) -> Int {
        if shares <= 2 { return 1 }
        if shares >= 262_144 { return 10000 }
        let l = log2(Double(shares))
        return Int(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34).rounded(.up))
    }

    /// A group of v1 has no processors until it is told, and takes nobody in: it gets those of the one above, and those below it
    /// get its own. (Documentation/admin-guide/cgroup-v1/cpusets.rst)
    func inheritProcessors(_ folder: FilePath) throws {
        for name in ["cpuset.cpus", "cpuset.mems"] {
            let path = folder.appending(name)
            guard (Counters.text(path) ?? "").allSatisfy(\.isWhitespace) else { continue }
            let above = Counters.text(folder.removingLastComponent().appending(name)) ?? ""
            try setControl(path, above.filter { !$0.isWhitespace })
        }
        // For speed alone.
        try? setControl(folder.appending("cgroup.clone_children"), "1")
    }
}

extension CPUTime {
    /// Nanoseconds of a clock tick, in which the kernel tells times to users.
    fileprivate static let tick = 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))

    /// All processors' time since the boot: the first eight fields of `/proc/stat`.
    package static var ofHost: UInt64? {
        guard let line = Counters.text("/proc/stat")?.split(separator: "\n").first, line.hasPrefix("cpu ") else {
            return nil
        }
        return line.split(separator: " ").dropFirst().prefix(8).reduce(0) { $0 &+ (UInt64($1) ?? 0) &* tick }
    }
}
