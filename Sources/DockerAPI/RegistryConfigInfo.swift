/// How registries are reached, as `info` tells it.
package struct RegistryConfigInfo: Codable, Sendable, Equatable {
    package var insecureCIDRs: [String]
    package var indexes: [String: Index]
    package var mirrors: [String]

    /// One registry.
    package struct Index: Codable, Sendable, Equatable {
        package var name: String
        package var mirrors: [String]
        package var secure: Bool
        package var official: Bool

        package enum CodingKeys: String, CodingKey {
            case name = "Name"
            case mirrors = "Mirrors"
            case secure = "Secure"
            case official = "Official"
        }
    }

    package enum CodingKeys: String, CodingKey {
        case insecureCIDRs = "InsecureRegistryCIDRs"
        case indexes = "IndexConfigs"
        case mirrors = "Mirrors"
    }

    /// `insecure` has registries and networks, as the daemon's settings do; loopback is always among them.
    package init(insecure: [String], mirrors: [String]) {
        insecureCIDRs = ["::1/128", "127.0.0.0/8"] + insecure.filter(Self.isNetwork)
        indexes = ["docker.io": Index(name: "docker.io", mirrors: mirrors, secure: true, official: true)]
        for name in insecure where !Self.isNetwork(name) {
            indexes[name] = Index(name: name, mirrors: [], secure: false, official: false)
        }
        self.mirrors = mirrors
    }

    /// Clients read each as an address and a number of bits, or nothing of the whole answer.
    private static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = Int(parts[1]), 0...128 ~= bits else { return false }
        let bytes = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        if bytes.count == 4 { return bits <= 32 && bytes.allSatisfy { UInt8($0) != nil } }
        return parts[0].contains(":") && parts[0].allSatisfy { $0 == ":" || $0.isHexDigit }
    }
}
