/// A network as Docker shows it; there are the two that need nothing.
struct Network: Encodable, Sendable {
    let name: String
    let id: String
    let driver: String

    static let all = [
        Network(name: "host", id: String(repeating: "0", count: 63) + "1", driver: "host"),
        Network(name: "none", id: String(repeating: "0", count: 63) + "2", driver: "null"),
    ]

    private struct AddressManagement: Encodable {
        let driver = "default"
        let options: [String: String]? = nil
        let config: [String] = []

        enum CodingKeys: String, CodingKey {
            case driver = "Driver"
            case options = "Options"
            case config = "Config"
        }

        func encode(to encoder: any Encoder) throws {
            var to = encoder.container(keyedBy: CodingKeys.self)
            try to.encode(driver, forKey: .driver)
            try to.encodeNil(forKey: .options)
            try to.encode(config, forKey: .config)
        }
    }

    enum CodingKeys: String, CodingKey {
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

    func encode(to encoder: any Encoder) throws {
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encode(name, forKey: .name)
        try to.encode(id, forKey: .id)
        try to.encode("0001-01-01T00:00:00Z", forKey: .created)
        try to.encode("local", forKey: .scope)
        try to.encode(driver, forKey: .driver)
        try to.encode(true, forKey: .hasIPv4)
        try to.encode(["Network": ""], forKey: .configFrom)
        try to.encode(AddressManagement(), forKey: .addresses)
        for key in [CodingKeys.hasIPv6, .isInternal, .isAttachable, .isIngress, .isConfigOnly] {
            try to.encode(false, forKey: key)
        }
        for key in [CodingKeys.containers, .options, .labels] { try to.encode([String: String](), forKey: key) }
    }

    /// Whether a filter of Docker's lets it through.
    func matches(_ key: String, _ value: String) -> Bool {
        switch key {
        case "driver": driver == value
        case "id": id.hasPrefix(value)
        case "name": name.contains(value)
        case "scope": value == "local"
        case "type": value == "builtin"
        // Docker's own networks are never dangling.
        case "dangling": ["false", "0"].contains(value)
        default: false
        }
    }
}
