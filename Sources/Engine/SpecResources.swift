import DockerAPI
import Linux
import OCI
import SystemPackage

/// A container's limits, as a runtime takes them.
enum SpecResources {
    /// All that `host` limits; `devices` as they stand on this host now.
    static func make(_ host: HostConfig, _ devices: [RuntimeDeviceRule]) throws -> RuntimeResources {
        var resources = limits(host)
        resources.blockIO = try blockIO(host)
        resources.devices = devices
        return resources
    }

    /// What may also be changed while the container runs; nil is what isn't limited.
    static func limits(_ host: HostConfig) -> RuntimeResources {
        var resources = RuntimeResources()
        var memory = RuntimeMemory()
        memory.limit = host.memory == 0 ? nil : host.memory
        memory.swap = host.memorySwap == 0 ? nil : host.memorySwap
        memory.reservation = host.memoryReservation == 0 ? nil : host.memoryReservation
        memory.swappiness = host.memorySwappiness
        memory.kernelTCP = host.kernelMemoryTCP == 0 ? nil : host.kernelMemoryTCP
        memory.disableOOMKiller = host.oomKillDisable == true ? true : nil
        if memory != RuntimeMemory() { resources.memory = memory }
        var cpu = RuntimeCPU()
        cpu.shares = host.cpuShares == 0 ? nil : UInt64(clamping: host.cpuShares)
        cpu.period = host.cpuPeriod == 0 ? nil : UInt64(clamping: host.cpuPeriod)
        cpu.quota = host.cpuQuota == 0 ? nil : host.cpuQuota
        if host.nanoCpus > 0 { (cpu.period, cpu.quota) = (100_000, host.nanoCpus / 10_000) }
        cpu.realtimePeriod = host.cpuRealtimePeriod == 0 ? nil : UInt64(clamping: host.cpuRealtimePeriod)
        cpu.realtimeRuntime = host.cpuRealtimeRuntime == 0 ? nil : host.cpuRealtimeRuntime
        cpu.cpus = host.cpusetCpus.isEmpty ? nil : host.cpusetCpus
        cpu.mems = host.cpusetMems.isEmpty ? nil : host.cpusetMems
        if cpu != RuntimeCPU() { resources.cpu = cpu }
        if let limit = host.pidsLimit { resources.pids = RuntimePids(limit: limit) }
        return resources
    }

    /// What `new` limits otherwise than `old`, with what is to be without a limit from now on; nil: nothing.
    static func changes(from old: HostConfig, to new: HostConfig) -> RuntimeResources? {
        let (before, after) = (limits(old), limits(new))
        if before == after && old.blkioWeight == new.blkioWeight { return nil }
        var changes = RuntimeResources()
        if before.memory != after.memory {
            var memory = after.memory ?? RuntimeMemory()
            memory.limit = memory.limit ?? (before.memory?.limit == nil ? nil : -1)
            memory.swap = memory.swap ?? (before.memory?.swap == nil ? nil : -1)
            memory.reservation = memory.reservation ?? (before.memory?.reservation == nil ? nil : -1)
            changes.memory = memory
        }
        if before.cpu != after.cpu {
            var cpu = after.cpu ?? RuntimeCPU()
            cpu.shares = cpu.shares ?? (before.cpu?.shares == nil ? nil : 1024)
            cpu.period = cpu.period ?? (before.cpu?.period == nil ? nil : 100_000)
            cpu.quota = cpu.quota ?? (before.cpu?.quota == nil ? nil : -1)
            changes.cpu = cpu
        }
        if before.pids != after.pids { changes.pids = after.pids ?? RuntimePids(limit: -1) }
        if old.blkioWeight != new.blkioWeight, new.blkioWeight != 0 {
            changes.blockIO = RuntimeBlockIO()
            changes.blockIO?.weight = UInt16(clamping: new.blkioWeight)
        }
        return changes
    }

    private static func blockIO(_ host: HostConfig) throws -> RuntimeBlockIO? {
        var io = RuntimeBlockIO()
        if host.blkioWeight != 0 { io.weight = UInt16(clamping: host.blkioWeight) }
        io.weightDevice = try (host.blkioWeightDevice ?? []).map {
            let device = try HostDevices.numbers(of: $0.path)
            return RuntimeBlockWeight(major: device.major, minor: device.minor, weight: UInt16(clamping: $0.weight))
        }
        io.throttleReadBpsDevice = try rates(host.blkioDeviceReadBps)
        io.throttleWriteBpsDevice = try rates(host.blkioDeviceWriteBps)
        io.throttleReadIOPSDevice = try rates(host.blkioDeviceReadIOps)
        io.throttleWriteIOPSDevice = try rates(host.blkioDeviceWriteIOps)
        let isEmpty =
            io.weight == nil && (io.weightDevice ?? []).isEmpty
            && [
                io.throttleReadBpsDevice, io.throttleWriteBpsDevice, io.throttleReadIOPSDevice,
                io.throttleWriteIOPSDevice,
            ]
            .allSatisfy { $0 == nil }
        return isEmpty ? nil : io
    }

    private static func rates(_ rates: [BlockRate]?) throws -> [RuntimeBlockRate]? {
        guard let rates, !rates.isEmpty else { return nil }
        return try rates.map {
            let device = try HostDevices.numbers(of: $0.path)
            return RuntimeBlockRate(major: device.major, minor: device.minor, rate: UInt64(clamping: $0.rate))
        }
    }
}
