import Cgroups
import DockerAPI
import Linux
import SystemPackage

/// Limits of resources, held to dockerd's rules: what can't be is refused, what this host can't do is left out and told.
enum ResourceChecks {
    /// Fills in what follows from what was given; returns warnings.
    ///
    /// In an update what is not given stays as it is, and need not be given again.
    static func check(
        _ host: inout HostConfig,
        _ support: LimitSupport,
        processors: Int,
        isUpdate: Bool = false
    ) throws -> [String] {
        try checkMemory(host, isUpdate)
        if host.memory > 0 && host.memorySwap == 0 && !isUpdate {
            host.memorySwap = host.memory > .max / 2 ? -1 : host.memory * 2
        }
        try checkTime(host, processors)
        if host.blkioWeight != 0, !(10...1000 ~= host.blkioWeight) {
            throw EngineError(.invalid, "Range of blkio weight is from 10 to 1000")
        }
        for device in host.blkioWeightDevice ?? [] where device.weight != 0 && !(10...1000 ~= device.weight) {
            throw EngineError(.invalid, "Range of blkio weight is from 10 to 1000: \(device.path) has \(device.weight)")
        }
        for rates in [host.blkioDeviceReadBps, host.blkioDeviceWriteBps, host.blkioDeviceReadIOps] + [
            host.blkioDeviceWriteIOps
        ] {
            for rate in rates ?? [] where rate.rate < 0 {
                throw EngineError(.invalid, "invalid rate for \(rate.path): \(rate.rate) is below 0")
            }
        }
        if host.ioMaximumIOps != 0 || host.ioMaximumBandwidth != 0 {
            throw EngineError(.invalid, "I/O maxima are Windows's: there are --device-write-bps and others")
        }
        // 0 and less are no limit; an update says so by them.
        if host.pidsLimit ?? 1 <= 0 { host.pidsLimit = isUpdate ? -1 : nil }
        return discard(&host, support)
    }

    private static func checkMemory(_ host: HostConfig, _ isUpdate: Bool) throws {
        let least: Int64 = 6 << 20
        if host.memory != 0 && host.memory < least {
            throw EngineError(.invalid, "Minimum memory limit allowed is 6MB")
        }
        if host.memory > 0 && host.memorySwap > 0 && host.memorySwap < host.memory {
            throw EngineError(
                .invalid,
                "Minimum memoryswap limit should be larger than memory limit, see usage"
            )
        }
        if host.memory == 0 && host.memorySwap > 0 && !isUpdate {
            throw EngineError(.invalid, "You should always set the Memory limit when using Memoryswap limit, see usage")
        }
        if let share = host.memorySwappiness, !(-1...100 ~= share) {
            throw EngineError(.invalid, "Invalid value: \(share), valid memory swappiness range is 0-100")
        }
        if host.memoryReservation != 0 && host.memoryReservation < least {
            throw EngineError(.invalid, "Minimum memory reservation allowed is 6MB")
        }
        if host.memory > 0 && host.memoryReservation > host.memory {
            throw EngineError(
                .invalid,
                "Minimum memory limit can not be less than memory reservation limit, see usage"
            )
        }
    }

    private static func checkTime(_ host: HostConfig, _ processors: Int) throws {
        if host.nanoCpus != 0 {
            for (name, value) in [("Period", host.cpuPeriod), ("Quota", host.cpuQuota)] where value > 0 {
                throw EngineError(.invalid, "Conflicting options: Nano CPUs and CPU \(name) cannot both be set")
            }
            guard 0...Int64(processors) * 1_000_000_000 ~= host.nanoCpus else {
                throw EngineError(
                    .invalid,
                    "range of CPUs is from 0.01 to \(processors).00, as there are only \(processors) CPUs available"
                )
            }
        }
        if host.cpuShares < 0 { throw EngineError(.invalid, "shares can not be less than 0: \(host.cpuShares)") }
        if host.cpuPeriod != 0, !(1000...1_000_000 ~= host.cpuPeriod) {
            throw EngineError(
                .invalid,
                "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
            )
        }
        if host.cpuQuota > 0 && host.cpuQuota < 1000 {
            throw EngineError(.invalid, "CPU cfs quota can not be less than 1ms (i.e. 1000)")
        }
        if host.cpuRealtimeRuntime > host.cpuRealtimePeriod && host.cpuRealtimePeriod != 0 {
            throw EngineError(.invalid, "cpu real-time runtime cannot be higher than cpu real-time period")
        }
        try checkSet(
            host.cpusetCpus,
            "CPUs",
            "cpus",
            "/sys/fs/cgroup/cpuset/cpuset.cpus",
            "/sys/devices/system/cpu/online"
        )
        try checkSet(
            host.cpusetMems,
            "memory nodes",
            "mems",
            "/sys/fs/cgroup/cpuset/cpuset.mems",
            "/sys/devices/system/node/online"
        )
    }

    /// The kernel says which there are: of those that containers may use, or of all.
    private static func checkSet(_ text: String, _ kind: String, _ name: String, _ files: String...) throws {
        guard !text.isEmpty else { return }
        guard text.utf8.count <= 4096, let asked = NumberSet(text) else {
            throw EngineError(.invalid, "Invalid value \(text) for cpuset \(name)")
        }
        let there = files.lazy.compactMap { path in
            (try? readFile(.init(path))).map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
        }.first { !$0.isEmpty }
        guard let there, let available = NumberSet(there) else { return }
        guard asked.isSubset(of: available) else {
            throw EngineError(
                .invalid,
                "Requested \(kind) are not available - requested \(text), available: \(there)"
            )
        }
    }

    /// Takes away what the kernel can't do, as dockerd does, and says so.
    private static func discard(_ host: inout HostConfig, _ support: LimitSupport) -> [String] {
        var warnings = discardMemory(&host, support)
        leave(\.pidsLimit, nil, support.pids, "PIDs limit capabilities", &host, &warnings)
        leave(\.nanoCpus, 0, support.cpuQuota, "CPU CFS scheduler", &host, &warnings)
        leave(\.cpuShares, 0, support.cpuShares, "CPU shares", &host, &warnings)
        leave(\.cpuPeriod, 0, support.cpuQuota, "CPU CFS period", &host, &warnings)
        leave(\.cpuQuota, 0, support.cpuQuota, "CPU CFS quota", &host, &warnings)
        leave(\.cpuRealtimePeriod, 0, support.realtime, "CPU real-time period", &host, &warnings)
        leave(\.cpuRealtimeRuntime, 0, support.realtime, "CPU real-time runtime", &host, &warnings)
        leave(\.cpusetCpus, "", support.cpuset, "cpuset", &host, &warnings)
        leave(\.cpusetMems, "", support.cpuset, "cpuset", &host, &warnings)
        leave(\.blkioWeight, 0, support.blockWeight, "Block I/O weight", &host, &warnings)
        if !(host.blkioWeightDevice ?? []).isEmpty {
            leave(\.blkioWeightDevice, [], support.blockDeviceWeight, "Block I/O weight_device", &host, &warnings)
        }
        for (path, what) in [
            (\HostConfig.blkioDeviceReadBps, "BPS Block I/O read limit"),
            (\.blkioDeviceWriteBps, "BPS Block I/O write limit"),
            (\.blkioDeviceReadIOps, "IOPS Block read limit"), (\.blkioDeviceWriteIOps, "IOPS Block I/O write limit"),
        ] where !(host[keyPath: path] ?? []).isEmpty { leave(path, [], support.blockRates, what, &host, &warnings) }
        return warnings
    }

    private static func leave<T: Equatable>(
        _ path: WritableKeyPath<HostConfig, T>,
        _ none: T,
        _ isThere: Bool,
        _ what: String,
        _ host: inout HostConfig,
        _ warnings: inout [String]
    ) {
        guard !isThere, host[keyPath: path] != none else { return }
        host[keyPath: path] = none
        warnings.append("Your kernel does not support \(what) or the cgroup is not mounted. Limitation discarded.")
    }

    private static func discardMemory(_ host: inout HostConfig, _ support: LimitSupport) -> [String] {
        var warnings: [String] = []
        leave(\.memory, 0, support.memory, "memory limit capabilities", &host, &warnings)
        if host.memory == 0 && !support.memory { host.memorySwap = 0 }
        if host.memorySwap > 0 && !support.swap {
            host.memorySwap = -1
            warnings.append(
                "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without "
                    + "swap."
            )
        }
        if host.memorySwappiness == -1 { host.memorySwappiness = nil }
        leave(\.memorySwappiness, nil, support.swappiness, "memory swappiness capabilities", &host, &warnings)
        leave(\.kernelMemoryTCP, 0, support.kernelTCP, "kernel memory TCP limit", &host, &warnings)
        leave(\.memoryReservation, 0, support.reservation, "memory soft limit capabilities", &host, &warnings)
        if host.oomKillDisable == false && !support.withoutOOMKiller { host.oomKillDisable = nil }
        leave(\.oomKillDisable, nil, support.withoutOOMKiller, "OomKillDisable", &host, &warnings)
        if host.oomKillDisable == true && host.memory == 0 {
            warnings.append(
                "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running "
                    + "out of resources."
            )
        }
        return warnings
    }
}

/// Numbers as the kernel lists them: `0-3,7`.
struct NumberSet: Equatable {
    private let numbers: Set<Int>

    /// Nil where `text` is no such list, or names a number above 8191.
    init?(_ text: String) {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard 1...2 ~= ends.count, let first = ends[0], let last = ends[ends.count - 1], 0...8191 ~= first,
                first...8191 ~= last
            else { return nil }
            numbers.formUnion(first...last)
        }
        self.numbers = numbers
    }

    func isSubset(of other: Self) -> Bool { numbers.isSubset(of: other.numbers) }
}
