/// One message of `GET /containers/{id}/stats`; what the kernel does not tell is zero or absent.
package struct StatsResponse: Codable, Sendable, Equatable {
    /// RFC 3339.
    package var read = "0001-01-01T00:00:00Z"
    package var preread = "0001-01-01T00:00:00Z"
    package var pidsStats = PidsStats()
    package var blkioStats = BlkioStats()
    package var numProcs = 0
    package var storageStats: [String: Int] = [:]
    package var cpuStats = CPUStats()
    package var precpuStats = CPUStats()
    package var memoryStats = MemoryStats()
    package var name = ""
    package var id = ""
    package var networks: [String: NetworkStats]?

    package enum CodingKeys: String, CodingKey {
        case read, preread, name, id, networks
        case pidsStats = "pids_stats"
        case blkioStats = "blkio_stats"
        case numProcs = "num_procs"
        case storageStats = "storage_stats"
        case cpuStats = "cpu_stats"
        case precpuStats = "precpu_stats"
        case memoryStats = "memory_stats"
    }

    package init() {}
}

/// Processes.
package struct PidsStats: Codable, Sendable, Equatable {
    package var current: UInt64?
    package var limit: UInt64?

    package init() {}
}

/// Bytes read and written by disk.
package struct BlkioStats: Codable, Sendable, Equatable {
    @Nullable package var ioServiceBytesRecursive: [BlkioEntry]?
    @Nullable package var ioServicedRecursive: [BlkioEntry]?
    @Nullable package var ioQueueRecursive: [BlkioEntry]?
    @Nullable package var ioServiceTimeRecursive: [BlkioEntry]?
    @Nullable package var ioWaitTimeRecursive: [BlkioEntry]?
    @Nullable package var ioMergedRecursive: [BlkioEntry]?
    @Nullable package var ioTimeRecursive: [BlkioEntry]?
    @Nullable package var sectorsRecursive: [BlkioEntry]?

    package enum CodingKeys: String, CodingKey {
        case ioServiceBytesRecursive = "io_service_bytes_recursive"
        case ioServicedRecursive = "io_serviced_recursive"
        case ioQueueRecursive = "io_queue_recursive"
        case ioServiceTimeRecursive = "io_service_time_recursive"
        case ioWaitTimeRecursive = "io_wait_time_recursive"
        case ioMergedRecursive = "io_merged_recursive"
        case ioTimeRecursive = "io_time_recursive"
        case sectorsRecursive = "sectors_recursive"
    }
}

/// What was done with one disk.
package struct BlkioEntry: Codable, Sendable, Equatable {
    package var major: UInt64
    package var minor: UInt64
    /// `read` or `write`, in lower case with v2.
    package var op: String
    package var value: UInt64

    package init(major: UInt64, minor: UInt64, op: String, value: UInt64) {
        (self.major, self.minor, self.op, self.value) = (major, minor, op, value)
    }
}

/// Processor time, in nanoseconds.
package struct CPUStats: Codable, Sendable, Equatable {
    package var cpuUsage = CPUUsage()
    package var systemCPUUsage: UInt64?
    package var onlineCPUs: UInt64?
    package var throttlingData = ThrottlingData()

    package enum CodingKeys: String, CodingKey {
        case cpuUsage = "cpu_usage"
        case systemCPUUsage = "system_cpu_usage"
        case onlineCPUs = "online_cpus"
        case throttlingData = "throttling_data"
    }

    package init() {}
}

/// A container's processor time, in nanoseconds.
package struct CPUUsage: Codable, Sendable, Equatable {
    package var totalUsage: UInt64 = 0
    package var percpuUsage: [UInt64]?
    package var usageInKernelmode: UInt64 = 0
    package var usageInUsermode: UInt64 = 0

    package enum CodingKeys: String, CodingKey {
        case totalUsage = "total_usage"
        case percpuUsage = "percpu_usage"
        case usageInKernelmode = "usage_in_kernelmode"
        case usageInUsermode = "usage_in_usermode"
    }
}

/// How often a limit of processor time made the container wait.
package struct ThrottlingData: Codable, Sendable, Equatable {
    package var periods: UInt64 = 0
    package var throttledPeriods: UInt64 = 0
    package var throttledTime: UInt64 = 0

    package enum CodingKeys: String, CodingKey {
        case periods
        case throttledPeriods = "throttled_periods"
        case throttledTime = "throttled_time"
    }
}

/// Memory, in bytes.
package struct MemoryStats: Codable, Sendable, Equatable {
    package var usage: UInt64?
    package var maxUsage: UInt64?
    package var stats: [String: UInt64]?
    package var failcnt: UInt64?
    package var limit: UInt64?

    package enum CodingKeys: String, CodingKey {
        case usage, stats, failcnt, limit
        case maxUsage = "max_usage"
    }

    package init() {}
}

/// What went through one interface.
package struct NetworkStats: Codable, Sendable, Equatable {
    package var rxBytes: UInt64 = 0
    package var rxPackets: UInt64 = 0
    package var rxErrors: UInt64 = 0
    package var rxDropped: UInt64 = 0
    package var txBytes: UInt64 = 0
    package var txPackets: UInt64 = 0
    package var txErrors: UInt64 = 0
    package var txDropped: UInt64 = 0

    package enum CodingKeys: String, CodingKey {
        case rxBytes = "rx_bytes"
        case rxPackets = "rx_packets"
        case rxErrors = "rx_errors"
        case rxDropped = "rx_dropped"
        case txBytes = "tx_bytes"
        case txPackets = "tx_packets"
        case txErrors = "tx_errors"
        case txDropped = "tx_dropped"
    }

    package init() {}
}
