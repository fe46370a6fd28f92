/// A container's place in a network: what was asked for, and what it got.
package struct Endpoint: Codable, Sendable, Equatable {
    @Nullable package var addresses: EndpointAddresses?
    @Nullable package var links: [String]?
    @Nullable package var aliases: [String]?
    @Lenient package var macAddress: String = ""
    @Nullable package var driverOptions: [String: String]?
    /// The gateway of the network with the highest one is the container's.
    @Lenient package var gatewayPriority: Int = 0
    @Lenient package var networkID: String = ""
    @Lenient package var endpointID: String = ""
    @Lenient package var gateway: String = ""
    @Lenient package var ipAddress: String = ""
    @Lenient package var ipPrefixLen: Int = 0
    @Lenient package var ipv6Gateway: String = ""
    @Lenient package var globalIPv6Address: String = ""
    @Lenient package var globalIPv6PrefixLen: Int = 0
    @Nullable package var dnsNames: [String]?

    package enum CodingKeys: String, CodingKey {
        case addresses = "IPAMConfig"
        case links = "Links"
        case aliases = "Aliases"
        case macAddress = "MacAddress"
        case driverOptions = "DriverOpts"
        case gatewayPriority = "GwPriority"
        case networkID = "NetworkID"
        case endpointID = "EndpointID"
        case gateway = "Gateway"
        case ipAddress = "IPAddress"
        case ipPrefixLen = "IPPrefixLen"
        case ipv6Gateway = "IPv6Gateway"
        case globalIPv6Address = "GlobalIPv6Address"
        case globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
        case dnsNames = "DNSNames"
    }

    package init() {}
}

/// Addresses that a container shall have in a network.
package struct EndpointAddresses: Codable, Sendable, Equatable {
    package var ipv4: String?
    package var ipv6: String?
    package var linkLocal: [String]?

    package enum CodingKeys: String, CodingKey {
        case ipv4 = "IPv4Address"
        case ipv6 = "IPv6Address"
        case linkLocal = "LinkLocalIPs"
    }

    package init() {}
}
