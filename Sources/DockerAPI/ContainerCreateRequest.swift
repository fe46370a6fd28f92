package import OCI

/// The body of `POST /containers/create`: the configuration's keys at the top, the host's beside them.
package struct ContainerCreateRequest: Codable, Sendable, Equatable {
    /// What the container shall be.
    package var config: ContainerConfig
    /// What it gets of the host.
    package var hostConfig: HostConfig

    private enum CodingKeys: String, CodingKey { case hostConfig = "HostConfig" }

    package init(config: ContainerConfig = ContainerConfig(), hostConfig: HostConfig = HostConfig()) {
        self.config = config
        self.hostConfig = hostConfig
    }

    package init(from decoder: any Decoder) throws {
        config = try ContainerConfig(from: decoder)
        hostConfig =
            try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(HostConfig.self, forKey: .hostConfig)
            ?? HostConfig()
    }

    package func encode(to encoder: any Encoder) throws {
        try config.encode(to: encoder)
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encode(hostConfig, forKey: .hostConfig)
    }
}
