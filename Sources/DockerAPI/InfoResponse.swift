/// The names of plug-ins, by kind.
package struct PluginNames: Codable, Sendable, Equatable {
    @Lenient package var volume: [String] = []
    @Lenient package var network: [String] = []
    package var authorization: [String]?
    @Lenient package var log: [String] = []

    package enum CodingKeys: String, CodingKey {
        case volume = "Volume"
        case network = "Network"
        case authorization = "Authorization"
        case log = "Log"
    }

    package init() {}
}

/// Where an OCI runtime is.
package struct RuntimePath: Codable, Sendable, Equatable {
    @Lenient package var path: String = ""
    package var runtimeArgs: [String]?

    package enum CodingKeys: String, CodingKey {
        case path
        case runtimeArgs
    }

    package init() {}
}

/// There is no swarm.
package struct SwarmInfo: Codable, Sendable, Equatable {
    @Lenient package var nodeID: String = ""
    @Lenient package var nodeAddr: String = ""
    @Lenient package var localNodeState: String = "inactive"
    @Lenient package var controlAvailable: Bool = false
    @Lenient package var error: String = ""
    package var remoteManagers: [String]?

    package enum CodingKeys: String, CodingKey {
        case nodeID = "NodeID"
        case nodeAddr = "NodeAddr"
        case localNodeState = "LocalNodeState"
        case controlAvailable = "ControlAvailable"
        case error = "Error"
        case remoteManagers = "RemoteManagers"
    }

    package init() {}
}

/// The commit of a part.
package struct CommitID: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""

    package enum CodingKeys: String, CodingKey {
        case id = "ID"
    }

    package init() {}
}

/// The answer to `GET /info`.
package struct InfoResponse: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    @Lenient package var containers: Int = 0
    @Lenient package var containersRunning: Int = 0
    @Lenient package var containersPaused: Int = 0
    @Lenient package var containersStopped: Int = 0
    @Lenient package var images: Int = 0
    @Lenient package var driver: String = ""
    /// Pairs of key and value.
    @Lenient package var driverStatus: [[String]] = []
    package var plugins: PluginNames
    @Lenient package var memoryLimit: Bool = false
    @Lenient package var swapLimit: Bool = false
    @Lenient package var cpuCfsPeriod: Bool = false
    @Lenient package var cpuCfsQuota: Bool = false
    @Lenient package var cpuShares: Bool = false
    @Lenient package var cpuSet: Bool = false
    @Lenient package var pidsLimit: Bool = false
    @Lenient package var ipv4Forwarding: Bool = false
    @Lenient package var debug: Bool = false
    @Lenient package var systemTime: String = ""
    @Lenient package var loggingDriver: String = ""
    @Lenient package var cgroupDriver: String = ""
    @Lenient package var cgroupVersion: String = ""
    @Lenient package var kernelVersion: String = ""
    @Lenient package var operatingSystem: String = ""
    @Lenient package var osVersion: String = ""
    @Lenient package var osType: String = ""
    @Lenient package var architecture: String = ""
    @Lenient package var indexServerAddress: String = ""
    @Lenient package var httpProxy: String = ""
    @Lenient package var httpsProxy: String = ""
    @Lenient package var noProxy: String = ""
    @Lenient package var oomKillDisable: Bool = false
    @Lenient package var ncpu: Int = 0
    @Lenient package var memTotal: Int64 = 0
    @Lenient package var dockerRootDir: String = ""
    @Lenient package var name: String = ""
    @Lenient package var labels: [String] = []
    @Lenient package var experimentalBuild: Bool = false
    @Lenient package var serverVersion: String = ""
    @Lenient package var runtimes: [String: RuntimePath] = [:]
    @Lenient package var defaultRuntime: String = ""
    package var swarm: SwarmInfo
    @Lenient package var liveRestoreEnabled: Bool = false
    @Lenient package var isolation: String = ""
    @Lenient package var initBinary: String = ""
    package var containerdCommit: CommitID
    package var runcCommit: CommitID
    package var initCommit: CommitID
    @Lenient package var securityOptions: [String] = []
    @Lenient package var warnings: [String] = []
    @Lenient package var cdiSpecDirs: [String] = []
    package var registryConfig: RegistryConfigInfo?

    package enum CodingKeys: String, CodingKey {
        case id = "ID"
        case containers = "Containers"
        case containersRunning = "ContainersRunning"
        case containersPaused = "ContainersPaused"
        case containersStopped = "ContainersStopped"
        case images = "Images"
        case driver = "Driver"
        case driverStatus = "DriverStatus"
        case plugins = "Plugins"
        case memoryLimit = "MemoryLimit"
        case swapLimit = "SwapLimit"
        case cpuCfsPeriod = "CpuCfsPeriod"
        case cpuCfsQuota = "CpuCfsQuota"
        case cpuShares = "CPUShares"
        case cpuSet = "CPUSet"
        case pidsLimit = "PidsLimit"
        case ipv4Forwarding = "IPv4Forwarding"
        case debug = "Debug"
        case systemTime = "SystemTime"
        case loggingDriver = "LoggingDriver"
        case cgroupDriver = "CgroupDriver"
        case cgroupVersion = "CgroupVersion"
        case kernelVersion = "KernelVersion"
        case operatingSystem = "OperatingSystem"
        case osVersion = "OSVersion"
        case osType = "OSType"
        case architecture = "Architecture"
        case indexServerAddress = "IndexServerAddress"
        case httpProxy = "HttpProxy"
        case httpsProxy = "HttpsProxy"
        case noProxy = "NoProxy"
        case oomKillDisable = "OomKillDisable"
        case ncpu = "NCPU"
        case memTotal = "MemTotal"
        case dockerRootDir = "DockerRootDir"
        case name = "Name"
        case labels = "Labels"
        case experimentalBuild = "ExperimentalBuild"
        case serverVersion = "ServerVersion"
        case runtimes = "Runtimes"
        case defaultRuntime = "DefaultRuntime"
        case swarm = "Swarm"
        case liveRestoreEnabled = "LiveRestoreEnabled"
        case isolation = "Isolation"
        case initBinary = "InitBinary"
        case containerdCommit = "ContainerdCommit"
        case runcCommit = "RuncCommit"
        case initCommit = "InitCommit"
        case securityOptions = "SecurityOptions"
        case warnings = "Warnings"
        case cdiSpecDirs = "CDISpecDirs"
        case registryConfig = "RegistryConfig"
    }

    package init(
        plugins: PluginNames,
        swarm: SwarmInfo,
        containerdCommit: CommitID,
        runcCommit: CommitID,
        initCommit: CommitID
    ) {
        self.plugins = plugins
        self.swarm = swarm
        self.containerdCommit = containerdCommit
        self.runcCommit = runcCommit
        self.initCommit = initCommit
    }
}
