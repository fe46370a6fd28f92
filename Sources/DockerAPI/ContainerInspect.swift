package import OCI

/// A container's state, as inspect shows it and `config.v2.json` keeps it.
package struct ContainerState: Codable, Sendable, Equatable {
    @Lenient package var status: String = ""
    @Lenient package var running: Bool = false
    @Lenient package var paused: Bool = false
    @Lenient package var restarting: Bool = false
    @Lenient package var oomKilled: Bool = false
    @Lenient package var removalInProgress: Bool = false
    @Lenient package var dead: Bool = false
    @Lenient package var pid: Int = 0
    @Lenient package var exitCode: Int = 0
    @Lenient package var error: String = ""
    /// RFC 3339; `0001-01-01T00:00:00Z` for never.
    @Lenient package var startedAt: String = ""
    @Lenient package var finishedAt: String = ""
    /// Nil where nothing is checked.
    package var health: Health?

    package enum CodingKeys: String, CodingKey {
        case status = "Status"
        case running = "Running"
        case paused = "Paused"
        case restarting = "Restarting"
        case oomKilled = "OOMKilled"
        case removalInProgress = "RemovalInProgress"
        case dead = "Dead"
        case pid = "Pid"
        case exitCode = "ExitCode"
        case error = "Error"
        case startedAt = "StartedAt"
        case finishedAt = "FinishedAt"
        case health = "Health"
    }

    package init() {}
}

/// Which driver keeps a layer, and where.
package struct GraphDriverData: Codable, Sendable, Equatable {
    package var data: [String: String]?
    @Lenient package var name: String = ""

    package enum CodingKeys: String, CodingKey {
        case data = "Data"
        case name = "Name"
    }

    package init() {}
}

/// A container's networks, as inspect shows them.
package struct NetworkSettings: Codable, Sendable, Equatable {
    @Lenient package var bridge: String = ""
    @Lenient package var sandboxID: String = ""
    @Lenient package var sandboxKey: String = ""
    @Lenient package var ports: [String: [PortBinding]?] = [:]
    @Lenient package var networks: [String: Endpoint] = [:]
    @Lenient package var ipAddress: String = ""
    @Lenient package var ipPrefixLen: Int = 0
    @Lenient package var gateway: String = ""
    @Lenient package var macAddress: String = ""
    @Lenient package var endpointID: String = ""
    @Lenient package var hairpinMode: Bool = false
    @Lenient package var globalIPv6Address: String = ""
    @Lenient package var globalIPv6PrefixLen: Int = 0
    @Lenient package var ipv6Gateway: String = ""

    package enum CodingKeys: String, CodingKey {
        case endpointID = "EndpointID"
        case hairpinMode = "HairpinMode"
        case globalIPv6Address = "GlobalIPv6Address"
        case globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
        case ipv6Gateway = "IPv6Gateway"
        case bridge = "Bridge"
        case sandboxID = "SandboxID"
        case sandboxKey = "SandboxKey"
        case ports = "Ports"
        case networks = "Networks"
        case ipAddress = "IPAddress"
        case ipPrefixLen = "IPPrefixLen"
        case gateway = "Gateway"
        case macAddress = "MacAddress"
    }

    package init() {}
}

/// The answer to `GET /containers/ID/json`.
package struct ContainerInspect: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    @Lenient package var created: String = ""
    @Lenient package var path: String = ""
    @Lenient package var args: [String] = []
    package var state: ContainerState
    /// The image's ID.
    @Lenient package var image: String = ""
    @Lenient package var resolvConfPath: String = ""
    @Lenient package var hostnamePath: String = ""
    @Lenient package var hostsPath: String = ""
    @Lenient package var logPath: String = ""
    /// With a leading `/`.
    @Lenient package var name: String = ""
    @Lenient package var restartCount: Int = 0
    @Lenient package var driver: String = ""
    @Lenient package var platform: String = ""
    @Lenient package var mountLabel: String = ""
    @Lenient package var processLabel: String = ""
    @Lenient package var appArmorProfile: String = ""
    @Nullable package var execIDs: [String]?
    package var hostConfig: HostConfig
    package var graphDriver: GraphDriverData
    package var sizeRw: Int64?
    package var sizeRootFs: Int64?
    @Lenient package var mounts: [MountPoint] = []
    package var config: ContainerConfig
    package var networkSettings: NetworkSettings

    package enum CodingKeys: String, CodingKey {
        case id = "Id"
        case created = "Created"
        case path = "Path"
        case args = "Args"
        case state = "State"
        case image = "Image"
        case resolvConfPath = "ResolvConfPath"
        case hostnamePath = "HostnamePath"
        case hostsPath = "HostsPath"
        case logPath = "LogPath"
        case name = "Name"
        case restartCount = "RestartCount"
        case driver = "Driver"
        case platform = "Platform"
        case mountLabel = "MountLabel"
        case processLabel = "ProcessLabel"
        case appArmorProfile = "AppArmorProfile"
        case execIDs = "ExecIDs"
        case hostConfig = "HostConfig"
        case graphDriver = "GraphDriver"
        case sizeRw = "SizeRw"
        case sizeRootFs = "SizeRootFs"
        case mounts = "Mounts"
        case config = "Config"
        case networkSettings = "NetworkSettings"
    }

    package init(
        state: ContainerState,
        hostConfig: HostConfig,
        graphDriver: GraphDriverData,
        config: ContainerConfig,
        networkSettings: NetworkSettings
    ) {
        self.state = state
        self.hostConfig = hostConfig
        self.graphDriver = graphDriver
        self.config = config
        self.networkSettings = networkSettings
    }
}
