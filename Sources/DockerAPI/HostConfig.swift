/// What a container gets of its host: Docker's `container.HostConfig`, as in a create body and in `hostconfig.json`.
package struct HostConfig: Codable, Sendable, Equatable {
    /// `source:destination[:mode]`.
    @Nullable package var binds: [String]?
    @Lenient package var containerIDFile: String = ""
    package var logConfig: LogConfig?
    /// `none`, `host`, `bridge`, `default`, `container:ID` or a network.
    @Lenient package var networkMode: String = ""
    @Lenient package var portBindings: [String: [PortBinding]?] = [:]
    package var restartPolicy: RestartPolicy?
    @Lenient package var autoRemove: Bool = false
    @Lenient package var volumeDriver: String = ""
    @Nullable package var volumesFrom: [String]?
    /// Rows and columns.
    package var consoleSize: [Int]?
    package var annotations: [String: String]?
    @Words package var capAdd: [String]?
    @Words package var capDrop: [String]?
    @Lenient package var cgroupnsMode: String = ""
    @Lenient package var dns: [String] = []
    @Lenient package var dnsOptions: [String] = []
    @Lenient package var dnsSearch: [String] = []
    /// `name:address`.
    @Nullable package var extraHosts: [String]?
    @Nullable package var groupAdd: [String]?
    @Lenient package var ipcMode: String = ""
    @Lenient package var cgroup: String = ""
    @Nullable package var links: [String]?
    @Lenient package var oomScoreAdj: Int = 0
    @Lenient package var pidMode: String = ""
    @Lenient package var privileged: Bool = false
    @Lenient package var publishAllPorts: Bool = false
    @Lenient package var readonlyRootfs: Bool = false
    @Nullable package var securityOpt: [String]?
    package var storageOpt: [String: String]?
    /// Destination to mount options.
    package var tmpfs: [String: String]?
    @Lenient package var utsMode: String = ""
    @Lenient package var usernsMode: String = ""
    /// Bytes.
    @Lenient package var shmSize: Int64 = 0
    package var sysctls: [String: String]?
    @Lenient package var runtime: String = ""
    @Lenient package var isolation: String = ""
    @Lenient package var cpuShares: Int64 = 0
    /// Bytes.
    @Lenient package var memory: Int64 = 0
    @Lenient package var nanoCpus: Int64 = 0
    @Lenient package var cgroupParent: String = ""
    @Lenient package var cpuPeriod: Int64 = 0
    @Lenient package var cpuQuota: Int64 = 0
    @Lenient package var cpusetCpus: String = ""
    @Lenient package var cpusetMems: String = ""
    @Lenient package var cpuRealtimePeriod: Int64 = 0
    @Lenient package var cpuRealtimeRuntime: Int64 = 0
    @Lenient package var cpuCount: Int64 = 0
    @Lenient package var cpuPercent: Int64 = 0
    @Lenient package var ioMaximumIOps: Int64 = 0
    @Lenient package var ioMaximumBandwidth: Int64 = 0
    @Lenient package var blkioWeight: Int64 = 0
    @Nullable package var blkioWeightDevice: [BlockWeight]?
    @Nullable package var blkioDeviceReadBps: [BlockRate]?
    @Nullable package var blkioDeviceWriteBps: [BlockRate]?
    @Nullable package var blkioDeviceReadIOps: [BlockRate]?
    @Nullable package var blkioDeviceWriteIOps: [BlockRate]?
    @Nullable package var devices: [DeviceMapping]?
    @Nullable package var deviceCgroupRules: [String]?
    /// What `--gpus` asks for.
    @Nullable package var deviceRequests: [DeviceRequest]?
    @Lenient package var memoryReservation: Int64 = 0
    @Lenient package var memorySwap: Int64 = 0
    @Nullable package var memorySwappiness: Int64?
    @Lenient package var kernelMemoryTCP: Int64 = 0
    @Nullable package var oomKillDisable: Bool?
    @Nullable package var pidsLimit: Int64?
    @Nullable package var ulimits: [Ulimit]?
    package var mounts: [MountRequest]?
    @Nullable package var maskedPaths: [String]?
    @Nullable package var readonlyPaths: [String]?
    package var initProcess: Bool?

    package enum CodingKeys: String, CodingKey {
        case binds = "Binds"
        case containerIDFile = "ContainerIDFile"
        case logConfig = "LogConfig"
        case networkMode = "NetworkMode"
        case portBindings = "PortBindings"
        case restartPolicy = "RestartPolicy"
        case autoRemove = "AutoRemove"
        case volumeDriver = "VolumeDriver"
        case volumesFrom = "VolumesFrom"
        case consoleSize = "ConsoleSize"
        case annotations = "Annotations"
        case capAdd = "CapAdd"
        case capDrop = "CapDrop"
        case cgroupnsMode = "CgroupnsMode"
        case dns = "Dns"
        case dnsOptions = "DnsOptions"
        case dnsSearch = "DnsSearch"
        case extraHosts = "ExtraHosts"
        case groupAdd = "GroupAdd"
        case ipcMode = "IpcMode"
        case cgroup = "Cgroup"
        case links = "Links"
        case oomScoreAdj = "OomScoreAdj"
        case pidMode = "PidMode"
        case privileged = "Privileged"
        case publishAllPorts = "PublishAllPorts"
        case readonlyRootfs = "ReadonlyRootfs"
        case securityOpt = "SecurityOpt"
        case storageOpt = "StorageOpt"
        case tmpfs = "Tmpfs"
        case utsMode = "UTSMode"
        case usernsMode = "UsernsMode"
        case shmSize = "ShmSize"
        case sysctls = "Sysctls"
        case runtime = "Runtime"
        case isolation = "Isolation"
        case cpuShares = "CpuShares"
        case memory = "Memory"
        case nanoCpus = "NanoCpus"
        case cgroupParent = "CgroupParent"
        case cpuPeriod = "CpuPeriod"
        case cpuQuota = "CpuQuota"
        case cpusetCpus = "CpusetCpus"
        case cpusetMems = "CpusetMems"
        case cpuRealtimePeriod = "CpuRealtimePeriod"
        case cpuRealtimeRuntime = "CpuRealtimeRuntime"
        case cpuCount = "CpuCount"
        case cpuPercent = "CpuPercent"
        case ioMaximumIOps = "IOMaximumIOps"
        case ioMaximumBandwidth = "IOMaximumBandwidth"
        case blkioWeight = "BlkioWeight"
        case blkioWeightDevice = "BlkioWeightDevice"
        case blkioDeviceReadBps = "BlkioDeviceReadBps"
        case blkioDeviceWriteBps = "BlkioDeviceWriteBps"
        case blkioDeviceReadIOps = "BlkioDeviceReadIOps"
        case blkioDeviceWriteIOps = "BlkioDeviceWriteIOps"
        case devices = "Devices"
        case deviceCgroupRules = "DeviceCgroupRules"
        case deviceRequests = "DeviceRequests"
        case memoryReservation = "MemoryReservation"
        case memorySwap = "MemorySwap"
        case memorySwappiness = "MemorySwappiness"
        case kernelMemoryTCP = "KernelMemoryTCP"
        case oomKillDisable = "OomKillDisable"
        case pidsLimit = "PidsLimit"
        case ulimits = "Ulimits"
        case mounts = "Mounts"
        case maskedPaths = "MaskedPaths"
        case readonlyPaths = "ReadonlyPaths"
        case initProcess = "Init"
    }

    package init() {}
}
