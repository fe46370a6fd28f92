import ArgumentParser

/// The limits that a container is made with, and that `update` changes.
struct ResourceOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The most memory: 512m.") var memory: String?
    @Option(name: .customLong("memory-reservation"), help: "What it gets back to when memory is short.")
    var memoryReservation: String?
    @Option(name: .customLong("memory-swap"), parsing: .unconditional, help: "Memory and swap together; -1: any.")
    var memorySwap: String?
    @Option(help: "How many CPUs' worth of time: 1.5.") var cpus: String?
    @Option(name: [.customShort("c"), .customLong("cpu-shares")], help: "Its weight among others; 1024 is usual.")
    var cpuShares: Int?
    @Option(name: .customLong("cpu-period"), help: "The period of the CPU quota, in microseconds.") var cpuPeriod: Int?
    @Option(name: .customLong("cpu-quota"), parsing: .unconditional, help: "The CPU quota, in microseconds.")
    var cpuQuota: Int?
    @Option(name: .customLong("cpu-rt-period"), help: "The period of real-time CPU time, in microseconds.")
    var cpuRealtimePeriod: Int?
    @Option(name: .customLong("cpu-rt-runtime"), parsing: .unconditional, help: "Real-time CPU time, in microseconds.")
    var cpuRealtimeRuntime: Int?
    @Option(name: .customLong("cpuset-cpus"), help: "The CPUs it may use: 0-3, 0,1.") var cpusetCPUs: String?
    @Option(name: .customLong("cpuset-mems"), help: "The memory nodes it may use.") var cpusetMems: String?
    @Option(name: .customLong("blkio-weight"), help: "Its weight for disks: 10 to 1000.") var blkioWeight: Int?
    @Option(name: .customLong("pids-limit"), parsing: .unconditional, help: "The most processes; -1: any number.")
    var pidsLimit: Int?

    /// What was given, by the API's names.
    func fields() throws -> [(key: String, value: JSON)] {
        var fields: [(key: String, value: JSON)] = []
        for (key, number) in [
            ("CpuShares", cpuShares), ("CpuPeriod", cpuPeriod), ("CpuQuota", cpuQuota),
            ("CpuRealtimePeriod", cpuRealtimePeriod), ("CpuRealtimeRuntime", cpuRealtimeRuntime),
            ("BlkioWeight", blkioWeight), ("PidsLimit", pidsLimit),
        ] { if let number { fields.append((key: key, value: .int(number))) } }
        for (key, text) in [("CpusetCpus", cpusetCPUs), ("CpusetMems", cpusetMems)] {
            if let text { fields.append((key: key, value: .string(text))) }
        }
        for (key, size) in [("Memory", memory), ("MemoryReservation", memoryReservation)] {
            if let size { fields.append((key: key, value: .int(try parseSize(size)))) }
        }
        if let memorySwap {
            fields.append((key: "MemorySwap", value: .int(memorySwap == "-1" ? -1 : try parseSize(memorySwap))))
        }
        if let cpus {
            guard let count = Double(cpus), count >= 0, count < 1e6 else {
                throw Failure(message: "invalid --cpus '\(cpus)': it is a number such as 1.5", status: 125)
            }
            fields.append((key: "NanoCpus", value: .int(Int((count * 1e9).rounded()))))
        }
        return fields
    }
}

/// The limits that only a new container takes.
struct DeviceOptions: ParsableArguments {
    @Option(help: "A device of the host: /dev/sda[:/dev/xvda][:rwm].") var device: [String] = []
    @Option(name: .customLong("device-cgroup-rule"), help: "Devices that it may open: c 1:3 rwm.") var deviceRule:
        [String] = []
    @Option(help: "GPUs: all, a number, or device=….") var gpus: String?
    @Option(name: .customLong("device-read-bps"), help: "Bytes a second: /dev/sda:1mb.") var readBps: [String] = []
    @Option(name: .customLong("device-write-bps"), help: "Bytes a second: /dev/sda:1mb.") var writeBps: [String] = []
    @Option(name: .customLong("device-read-iops"), help: "Reads a second: /dev/sda:1000.") var readIOps: [String] = []
    @Option(name: .customLong("device-write-iops"), help: "Writes a second: /dev/sda:1000.") var writeIOps: [String] =
        []
    @Option(name: .customLong("blkio-weight-device"), help: "A weight for one disk: /dev/sda:200.") var weights:
        [String] = []
    @Option(name: .customLong("memory-swappiness"), parsing: .unconditional, help: "0 to 100; -1: as the host.")
    var swappiness: Int?
    @Option(name: .customLong("kernel-memory"), help: "The most memory in the kernel (old kernels).") var kernelMemory:
        String?
    @Flag(name: .customLong("oom-kill-disable"), help: "Not killed when memory runs out.") var oomKillDisable = false
    @Option(name: .customLong("oom-score-adj"), parsing: .unconditional, help: "How soon it is: -1000 to 1000.")
    var oomScore: Int?

    func fields() throws -> [(key: String, value: JSON)] {
        var fields: [(key: String, value: JSON)] = [(key: "Devices", value: .array(device.map(mapping)))]
        if !deviceRule.isEmpty { fields.append((key: "DeviceCgroupRules", value: .strings(deviceRule))) }
        for (key, entries) in [("BlkioDeviceReadBps", readBps), ("BlkioDeviceWriteBps", writeBps)]
        where !entries.isEmpty {
            fields.append((key: key, value: .array(try entries.map { try rate($0, "Rate", parseSize) })))
        }
        for (key, entries) in [("BlkioDeviceReadIOps", readIOps), ("BlkioDeviceWriteIOps", writeIOps)]
        where !entries.isEmpty {
            fields.append((key: key, value: .array(try entries.map { try rate($0, "Rate", number) })))
        }
        if !weights.isEmpty {
            fields.append((key: "BlkioWeightDevice", value: .array(try weights.map { try rate($0, "Weight", number) })))
        }
        if let swappiness, swappiness >= 0 { fields.append((key: "MemorySwappiness", value: .int(swappiness))) }
        if let kernelMemory { fields.append((key: "KernelMemory", value: .int(try parseSize(kernelMemory)))) }
        if oomKillDisable { fields.append((key: "OomKillDisable", value: .bool(true))) }
        if let oomScore { fields.append((key: "OomScoreAdj", value: .int(oomScore))) }
        if let gpus { fields.append((key: "DeviceRequests", value: .array([try request(gpus)]))) }
        return fields
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text), number >= 0 else {
            throw Failure(message: "invalid rate '\(text)': it is a whole number", status: 125)
        }
        return number
    }

    /// `/dev/sda:1mb`.
    private func rate(_ entry: String, _ key: String, _ value: (String) throws -> Int) throws -> JSON {
        guard let colon = entry.lastIndex(of: ":"), entry.hasPrefix("/dev/") else {
            throw Failure(message: "bad format: '\(entry)': write it as /dev/sda:NUMBER", status: 125)
        }
        return .object([
            (key: "Path", value: .string(String(entry[..<colon]))),
            (key: key, value: .int(try value(String(entry[entry.index(after: colon)...])))),
        ])
    }

    /// `all`, `2` or `device=0,1` (the rest of Docker's form asks for drivers and capabilities).
    private func request(_ text: String) throws -> JSON {
        let count = text == "all" ? -1 : Int(text)
        var fields: [(key: String, value: JSON)] = [
            (key: "Driver", value: .string("")), (key: "Count", value: .int(count ?? 0)),
        ]
        let devices = text.hasPrefix("device=") ? text.dropFirst("device=".count) : ""
        guard count != nil || !devices.isEmpty else {
            throw Failure(message: "invalid --gpus '\(text)': it is all, a number, or device=ID,ID", status: 125)
        }
        if !devices.isEmpty {
            let ids = devices.filter { $0 != "\"" }.split(separator: ",").map(String.init)
            fields.append((key: "DeviceIDs", value: .strings(ids)))
        }
        fields.append((key: "Capabilities", value: .array([.strings(["gpu"])])))
        return .object(fields)
    }

    private func mapping(_ text: String) -> JSON {
        let parts = text.split(separator: ":").map(String.init)
        let inside = parts.count > 1 && parts[1].hasPrefix("/") ? parts[1] : parts.first ?? ""
        let permissions = parts.last.flatMap { parts.count > 1 && !$0.hasPrefix("/") ? $0 : nil } ?? "rwm"
        return .object([
            (key: "PathOnHost", value: .string(parts.first ?? "")), (key: "PathInContainer", value: .string(inside)),
            (key: "CgroupPermissions", value: .string(permissions)),
        ])
    }
}
