/// A network, as every answer shows it.
package struct Network: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var id: String = ""
    /// RFC 3339.
    @Lenient package var created: String = ""
    @Lenient package var scope: String = "local"
    @Lenient package var driver: String = ""
    @Lenient package var hasIPv4: Bool = true
    @Lenient package var hasIPv6: Bool = false
    package var addresses = AddressManagement()
    @Lenient package var isInternal: Bool = false
    @Lenient package var isAttachable: Bool = false
    @Lenient package var isIngress: Bool = false
    package var configFrom = NetworkReference()
    @Lenient package var isConfigOnly: Bool = false
    /// Those that run, by ID; a list shows none.
    @Lenient package var containers: [String: NetworkContainer] = [:]
    @Lenient package var options: [String: String] = [:]
    @Lenient package var labels: [String: String] = [:]

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case id = "Id"
        case created = "Created"
        case scope = "Scope"
        case driver = "Driver"
        case hasIPv4 = "EnableIPv4"
        case hasIPv6 = "EnableIPv6"
        case addresses = "IPAM"
        case isInternal = "Internal"
        case isAttachable = "Attachable"
        case isIngress = "Ingress"
        case configFrom = "ConfigFrom"
        case isConfigOnly = "ConfigOnly"
        case containers = "Containers"
        case options = "Options"
        case labels = "Labels"
    }

    package init() {}
}

/// How a network's addresses are given out.
package struct AddressManagement: Codable, Sendable, Equatable {
    @Lenient package var driver: String = "default"
    @Nullable package var options: [String: String]?
    @Lenient package var config: [AddressPool] = []

    package enum CodingKeys: String, CodingKey {
        case driver = "Driver"
        case options = "Options"
        case config = "Config"
    }

    package init() {}
}

/// Addresses of a network; what is empty was not said.
package struct AddressPool: Codable, Sendable, Equatable {
    package var subnet: String?
    package var range: String?
    package var gateway: String?
    /// Addresses that no container gets, by what they are for.
    package var auxiliary: [String: String]?

    package enum CodingKeys: String, CodingKey {
        case subnet = "Subnet"
        case range = "IPRange"
        case gateway = "Gateway"
        case auxiliary = "AuxiliaryAddresses"
    }

    package init() {}
}

/// A network by its name.
package struct NetworkReference: Codable, Sendable, Equatable {
    @Lenient package var network: String = ""

    package enum CodingKeys: String, CodingKey {
        case network = "Network"
    }

    package init() {}
}

/// A container as `GET /networks/ID` shows it.
package struct NetworkContainer: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var endpointID: String = ""
    @Lenient package var macAddress: String = ""
    /// With the length of the prefix.
    @Lenient package var ipv4Address: String = ""
    @Lenient package var ipv6Address: String = ""

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case endpointID = "EndpointID"
        case macAddress = "MacAddress"
        case ipv4Address = "IPv4Address"
        case ipv6Address = "IPv6Address"
    }

    package init() {}
}

/// The body of `POST /networks/create`.
package struct NetworkCreateRequest: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var driver: String = ""
    @Lenient package var scope: String = ""
    package var hasIPv4: Bool?
    package var hasIPv6: Bool?
    package var addresses: AddressManagement?
    @Lenient package var isInternal: Bool = false
    @Lenient package var isAttachable: Bool = false
    @Lenient package var isIngress: Bool = false
    @Lenient package var isConfigOnly: Bool = false
    package var configFrom: NetworkReference?
    @Lenient package var options: [String: String] = [:]
    @Lenient package var labels: [String: String] = [:]

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case driver = "Driver"
        case scope = "Scope"
        case hasIPv4 = "EnableIPv4"
        case hasIPv6 = "EnableIPv6"
        case addresses = "IPAM"
        case isInternal = "Internal"
        case isAttachable = "Attachable"
        case isIngress = "Ingress"
        case isConfigOnly = "ConfigOnly"
        case configFrom = "ConfigFrom"
        case options = "Options"
        case labels = "Labels"
    }

    package init() {}
}

/// The body of `POST /networks/ID/connect`.
package struct NetworkConnectRequest: Codable, Sendable, Equatable {
    @Lenient package var container: String = ""
    package var endpoint: Endpoint?

    package enum CodingKeys: String, CodingKey {
        case container = "Container"
        case endpoint = "EndpointConfig"
    }

    package init() {}
}

/// The body of `POST /networks/ID/disconnect`.
package struct NetworkDisconnectRequest: Codable, Sendable, Equatable {
    @Lenient package var container: String = ""
    @Lenient package var force: Bool = false

    package enum CodingKeys: String, CodingKey {
        case container = "Container"
        case force = "Force"
    }

    package init() {}
}

/// The part of `POST /containers/create` about networks.
package struct NetworkingConfig: Codable, Sendable, Equatable {
    /// By the network's name or ID.
    @Lenient package var endpoints: [String: Endpoint?] = [:]

    package enum CodingKeys: String, CodingKey {
        case endpoints = "EndpointsConfig"
    }

    package init() {}
}
