import DockerAPI
import Hashing
import Linux
import Networking
import OCI

/// What a user's network is to be in the kernel: its options, and addresses for what he left open.
enum NetworkPlan {
    /// Docker's keys.
    enum Key {
        static let bridge = "com.docker.network.bridge.name"
        static let isOpen = "com.docker.network.bridge.enable_icc"
        static let isMasked = "com.docker.network.bridge.enable_ip_masquerade"
        static let hostAddress = "com.docker.network.bridge.host_binding_ipv4"
        static let mtu = "com.docker.network.driver.mtu"
        static let prefix = "com.docker.network.container_iface_prefix"
        static let settings = "com.docker.network.endpoint.sysctls"
    }

    /// The network as the kernel shall have it. Throws where an option makes no sense.
    static func make(_ network: Network, dataRoot: String) throws -> BridgeNetwork {
        let options = network.options
        var plan = BridgeNetwork(
            id: network.id,
            label: label(String(network.id.prefix(12)), dataRoot),
            bridge: options[Key.bridge] ?? "br-\(network.id.prefix(12))",
            subnets: network.addresses.config.compactMap(subnet)
        )
        guard isInterfaceName(plan.bridge, most: 15) else {
            throw invalid(Key.bridge, plan.bridge, "an interface's name has up to 15 letters")
        }
        plan.isInternal = network.isInternal
        plan.isOpen = try flag(options, Key.isOpen)
        plan.isMasked = try flag(options, Key.isMasked)
        if let text = options[Key.mtu] {
            guard let mtu = UInt32(text), (68...65535).contains(mtu) || mtu == 0 else {
                throw invalid(Key.mtu, text, "it is a number of bytes between 68 and 65535")
            }
            plan.mtu = mtu == 0 ? nil : mtu
        }
        plan.prefix = options[Key.prefix] ?? plan.prefix
        guard isInterfaceName(plan.prefix, most: 12) else {
            throw invalid(Key.prefix, plan.prefix, "it has up to 12 letters")
        }
        if let text = options[Key.hostAddress], IPAddress(text) == nil {
            throw invalid(Key.hostAddress, text, "no address")
        }
        return plan
    }

    /// What is written to the bridge: by this a daemon knows those that it has made.
    static func label(_ name: String, _ dataRoot: String) -> String {
        let place = dataRoot.utf8.count <= 200 ? dataRoot : Digest.of(dataRoot.utf8).hex
        return "varve network \(name) of \(place)"
    }

    private static func subnet(_ pool: AddressPool) -> BridgeNetwork.Subnet? {
        guard let range = pool.subnet.flatMap(AddressRange.init) else { return nil }
        var subnet = BridgeNetwork.Subnet(range, gateway: pool.gateway.flatMap(IPAddress.init))
        subnet.part = pool.range.flatMap(AddressRange.init)
        subnet.reserved = (pool.auxiliary ?? [:]).values.compactMap(IPAddress.init)
        return subnet
    }

    private static func isInterfaceName(_ name: String, most: Int) -> Bool {
        // The kernel takes more; the packet filter has a meaning of its own for some.
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return isPlain && !name.isEmpty && name.utf8.count <= most && ![".", ".."].contains(name)
    }

    private static func flag(_ options: [String: String], _ key: String) throws -> Bool {
        switch options[key]?.lowercased() {
        case nil, "", "1", "t", "true": return true
        case "0", "f", "false": return false
        case let text?: throw invalid(key, text, "it is true or false")
        }
    }

    private static func invalid(_ key: String, _ value: String, _ why: String) -> EngineError {
        EngineError(.invalid, "invalid network option \(key)=\(value): \(why)")
    }

    /// Names addresses for each family that the user named none for, away from `taken`.
    static func fill(_ network: inout Network, _ pools: [SubnetPool], without taken: [AddressRange]) throws {
        for isIPv6 in [false, true] where isIPv6 ? network.hasIPv6 : true {
            let known = network.addresses.config.compactMap { $0.subnet.flatMap(AddressRange.init) }
            if known.contains(where: { $0.isIPv6 == isIPv6 }) { continue }
            let own = isIPv6 && !pools.contains { $0.base.isIPv6 } ? pools + [localPool()] : pools
            let range = try SubnetPool.free(in: own, ipv6: isIPv6, without: taken + known)
            var pool = AddressPool()
            pool.subnet = "\(range)"
            pool.gateway = "\(IPAddress(bytes: range.first).next)"
            network.addresses.config.append(pool)
        }
    }

    /// Addresses of IPv6 that nobody else has, most likely (RFC 4193).
    private static func localPool() -> SubnetPool {
        var random = SystemRandomNumberGenerator()
        let bytes: [UInt8] =
            [0xfd] + (0..<5).map { _ in UInt8.random(in: 0...255, using: &random) } + .init(repeating: 0, count: 10)
        guard let range = AddressRange("\(IPAddress(bytes: bytes))/48") else { fatalError("an address is a range's") }
        return SubnetPool(range, size: 64)
    }
}
