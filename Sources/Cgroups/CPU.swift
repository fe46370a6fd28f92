import Glibc
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
