import Cgroups
package import DockerAPI
import Glibc
import Launcher
import Linux
import OCI
import SystemPackage

/// `stats`: what a container uses, as the kernel counts it in its control groups.
extension Engine {
    /// What the container uses now; `before` is what this said the last time. Of one that does not run only the names.
    package func stats(_ name: String, since before: StatsResponse?) async throws -> StatsResponse {
        let container = try containers.find(name)
        var stats = StatsResponse()
        stats.name = await container.record.name
        stats.id = container.id
        guard let monitor = try? await container.running() else { return stats }
        let isOwnNetwork = await container.host.networkMode != "host"
        let group = try await controlGroup(of: container)
        stats = try await pool.run { [stats] in
            var stats = stats
            stats.read = Timestamp.now.description
            stats.cpuStats = CPUStats(group.cpu)
            stats.memoryStats = MemoryStats(group.memory)
            stats.pidsStats = PidsStats(group.pids)
            stats.blkioStats.ioServiceBytesRecursive = group.blockIO.map {
                BlkioEntry(major: $0.major, minor: $0.minor, op: $0.operation, value: $0.bytes)
            }
            if isOwnNetwork { stats.networks = NetworkStats.all(of: monitor.pid) }
            return stats
        }
        if let before, before.read != StatsResponse().read {
            stats.preread = before.read
            stats.precpuStats = before.cpuStats
        }
        return stats
    }
}

extension CPUStats {
    fileprivate init(_ usage: CPUTime) {
        self.init()
        cpuUsage.totalUsage = usage.total
        cpuUsage.percpuUsage = usage.each
        cpuUsage.usageInUsermode = usage.user
        cpuUsage.usageInKernelmode = usage.kernel
        systemCPUUsage = CPUTime.ofHost
        onlineCPUs = UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        throttlingData.periods = usage.periods
        throttlingData.throttledPeriods = usage.throttledPeriods
        throttlingData.throttledTime = usage.throttledTime
    }
}

extension MemoryStats {
    fileprivate init(_ usage: MemoryUsage) {
        self.init()
        guard usage.current != nil else { return }
        let host = UInt64(sysconf(Int32(_SC_PHYS_PAGES))) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        self.usage = usage.current
        // Without a limit v1 says a number beyond all memory.
        limit = min(usage.limit ?? host, host)
        stats = usage.details
        maxUsage = usage.most
        failcnt = usage.failures
    }
}

extension PidsStats {
    fileprivate init(_ usage: PidsUsage) {
        self.init()
        current = usage.current
        // Docker's number for no limit.
        limit = usage.current == nil ? nil : usage.limit ?? UInt64.max
    }
}

extension NetworkStats {
    /// What the process `pid` sees of its interfaces, but for the one to itself; nil where there is no other.
    fileprivate static func all(of pid: Int32) -> [String: NetworkStats]? {
        guard let bytes = try? readFile(FilePath("/proc/\(pid)/net/dev")) else { return nil }
        var found: [String: NetworkStats] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].drop { $0 == " " }
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) ?? 0 }
            guard name != "lo", numbers.count >= 12 else { continue }
            var stats = NetworkStats()
            (stats.rxBytes, stats.rxPackets, stats.rxErrors, stats.rxDropped) = (
                numbers[0], numbers[1], numbers[2], numbers[3]
            )
            (stats.txBytes, stats.txPackets, stats.txErrors, stats.txDropped) = (
                numbers[8], numbers[9], numbers[10], numbers[11]
            )
            found[String(name)] = stats
        }
        return found.isEmpty ? nil : found
    }
}
