package import OCI

/// The body of `POST /containers/create`: the configuration's keys at the top, the host's beside them.
package struct ContainerCreateRequest: Codable, Sendable, Equatable {
    /// What the container shall be.
    package var config: ContainerConfig
    /// What it gets of the host.
    package var hostConfig: HostConfig
    /// What it is in which network.
    package var networking = NetworkingConfig()
    /// Where clients older than API 1.44 say it: of the place in the network of its mode.
    @Lenient package var macAddress: String = ""

    private enum CodingKeys: String, CodingKey {
        case hostConfig = "HostConfig"
        case networking = "NetworkingConfig"
        case macAddress = "MacAddress"
    }

    package init(config: ContainerConfig = ContainerConfig(), hostConfig: HostConfig = HostConfig()) {
        self.config = config
        self.hostConfig = hostConfig
    }

    package init(from decoder: any Decoder) throws {
        config = try ContainerConfig(from: decoder)
        let from = try decoder.container(keyedBy: CodingKeys.self)
        hostConfig = try from.decodeIfPresent(HostConfig.self, forKey: .hostConfig) ?? HostConfig()
        networking = try from.decodeIfPresent(NetworkingConfig.self, forKey: .networking) ?? NetworkingConfig()
        _macAddress = try from.decode(Lenient<String>.self, forKey: .macAddress)
    }

    package func encode(to encoder: any Encoder) throws {
        try config.encode(to: encoder)
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encode(hostConfig, forKey: .hostConfig)
        try to.encode(networking, forKey: .networking)
    }
}
