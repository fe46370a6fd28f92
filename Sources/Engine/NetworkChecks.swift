import DockerAPI
import Linux

/// What is refused of networks and of places in them, in Docker's words.
enum NetworkChecks {
    // MARK: A network

    static func check(_ request: NetworkCreateRequest) throws {
        let name = request.name
        guard name.contains(where: { !$0.isWhitespace }), !name.unicodeScalars.contains(where: { $0.value < 0x20 }),
            name.utf8.count <= 255, !name.hasPrefix("container:")
        else { throw EngineError(.invalid, "invalid network name: \"\(name)\"") }
        if NetworkStore.predefined[name] != nil || name == "default" {
            throw EngineError(.forbidden, "operation is not permitted on predefined \(name) network ")
        }
        try checkDriver(request.driver)
        if request.isIngress || request.scope == "swarm" {
            throw EngineError(.unsupported, "networks of a swarm are not there: varve has no swarm")
        }
        guard ["", "local"].contains(request.scope) else {
            throw EngineError(.invalid, "invalid scope \"\(request.scope)\": there is local")
        }
        if request.isConfigOnly || !(request.configFrom?.network ?? "").isEmpty {
            throw EngineError(.unsupported, "networks that are configurations of others are not there yet")
        }
        if request.hasIPv4 == false {
            throw EngineError(.invalid, "IPv4 cannot be disabled in a bridge network")
        }
        try check(request.addresses, hasIPv6: request.hasIPv6 ?? false)
    }

    private static func checkDriver(_ name: String) throws {
        switch name {
        case "", "bridge": break
        case "host", "null":
            throw EngineError(.forbidden, "only one instance of \"\(name)\" network is allowed")
        case PluginLists.driver:
            throw EngineError(
                .invalid,
                "networks of the driver cni are not created here: put a configuration list into the daemon's cni-conf-dir"
            )
        case "macvlan", "ipvlan", "overlay":
            throw EngineError(.unsupported, "the network driver \(name) is not there yet: use bridge")
        default:
            throw EngineError(
                .notFound,
                "network driver \(name) is not there; there is bridge, which needs not be named"
            )
        }
    }

    private static func check(_ addresses: AddressManagement?, hasIPv6: Bool) throws {
        guard let addresses else { return }
        guard ["", "default"].contains(addresses.driver) else {
            throw EngineError(.notFound, "address driver \(addresses.driver) is not there; there is default")
        }
        let wrong = addresses.config.flatMap { problems(of: $0, hasIPv6: hasIPv6) }
        guard wrong.isEmpty else {
            throw EngineError(.invalid, "invalid network config:\n" + wrong.joined(separator: "\n"))
        }
        let ranges = addresses.config.compactMap { $0.subnet.flatMap(AddressRange.init) }
        for (index, range) in ranges.enumerated() where ranges[..<index].contains(where: range.overlaps) {
            throw EngineError(.invalid, "invalid network config:\nsubnet \(range) overlaps with another one")
        }
    }

    private static func problems(of pool: AddressPool, hasIPv6: Bool) -> [String] {
        guard let text = pool.subnet, !text.isEmpty else {
            let asked = [pool.range, pool.gateway].compactMap { $0 }.filter { !$0.isEmpty }
            return asked.isEmpty ? [] : ["no matching subnet for \(asked.joined(separator: " and "))"]
        }
        guard let subnet = AddressRange(text) else { return ["invalid subnet \(text): invalid CIDR block notation"] }
        guard subnet.isPlain else { return ["invalid subnet \(text): it should be \(subnet)"] }
        if subnet.isIPv6 && !hasIPv6 { return ["invalid subnet \(text): IPv6 is not enabled in the network"] }
        var wrong: [String] = []
        if let text = pool.range, !text.isEmpty {
            if let range = AddressRange(text), range.isIPv6 == subnet.isIPv6 {
                if range.bits < subnet.bits || !subnet.contains(range.first) {
                    wrong.append("invalid ip-range \(text): not in the subnet \(subnet)")
                }
            } else {
                wrong.append("invalid ip-range \(text): invalid CIDR block notation")
            }
        }
        let own = (pool.gateway ?? "").isEmpty ? [] : [("gateway", pool.gateway ?? "")]
        let named = own + (pool.auxiliary ?? [:]).sorted { $0.key < $1.key }.map { ("auxiliary address", $0.value) }
        for (what, text) in named {
            if AddressRange.address(text).map(subnet.contains) ?? false { continue }
            let isAddress = AddressRange.address(text) != nil
            wrong.append("invalid \(what) \(text): " + (isAddress ? "not in the subnet \(subnet)" : "invalid address"))
        }
        return wrong
    }

    // MARK: A container's place

    /// `network` is nil where there is none of that name yet.
    static func check(_ endpoint: Endpoint, in network: Network?, _ name: String) throws {
        var wrong: [String] = []
        let asked = [endpoint.addresses?.ipv4, endpoint.addresses?.ipv6].compactMap { $0 }.filter { !$0.isEmpty }
        if NetworkStore.predefined[name] != nil {
            if !asked.isEmpty { wrong.append("user specified IP address is supported on user defined networks only") }
            if !(endpoint.aliases ?? []).isEmpty {
                wrong.append("network-scoped alias is supported only for containers in user defined networks")
            }
        }
        for (text, length) in [(endpoint.addresses?.ipv4, 4), (endpoint.addresses?.ipv6, 16)] {
            guard let text, !text.isEmpty else { continue }
            guard let address = AddressRange.address(text), address.count == length else {
                wrong.append("invalid IPv\(length == 4 ? 4 : 6) address: \(text)")
                continue
            }
            // Plug-ins know themselves what they can give.
            guard let network, !network.isPredefined, !network.isByPlugins else { continue }
            if network.ranges.isEmpty {
                wrong.append(
                    "user specified IP address is supported only when connecting to networks with user configured subnets"
                )
            } else if !network.ranges.contains(where: { $0.contains(address) }) {
                wrong.append("no configured subnet contains IP address \(text)")
            }
        }
        for text in endpoint.addresses?.linkLocal ?? [] where AddressRange.address(text) == nil {
            wrong.append("invalid link-local IP address: \(text)")
        }
        if let text = endpoint.driverOptions?[NetworkPlan.Key.settings] { wrong += problems(of: text, in: network) }
        if !endpoint.macAddress.isEmpty && !isMAC(endpoint.macAddress) {
            wrong.append("invalid MAC address: \(endpoint.macAddress)")
        }
        guard wrong.isEmpty else {
            throw EngineError(.invalid, "invalid endpoint settings:\n" + wrong.joined(separator: "\n"))
        }
    }

    private static func problems(of settings: String, in network: Network?) -> [String] {
        if network?.isByPlugins == true {
            return ["\(NetworkPlan.Key.settings) is not for networks by plug-ins: add tuning to the list"]
        }
        do { _ = try EndpointSettings.parse(settings) } catch { return ["\(error)"] }
        return []
    }

    private static func isMAC(_ text: String) -> Bool {
        let parts = text.split(whereSeparator: { $0 == ":" || $0 == "-" })
        return parts.count == 6 && parts.allSatisfy { $0.count == 2 && UInt8($0, radix: 16) != nil }
    }

    /// Whether a container in the networks `others` can be in `name`, too.
    static func check(_ name: String, beside others: some Sequence<String>, mode: String) throws {
        let isShared =
            "container sharing network namespace with another container or host cannot be connected to any other network"
        if mode.hasPrefix("container:") { throw EngineError(.invalid, isShared) }
        if name == "host" && mode != "host" {
            throw EngineError(
                .invalid,
                "container cannot be disconnected from host network or connected to host network"
            )
        }
        for other in others where other != name {
            if other == "host" || name == "host" { throw EngineError(.invalid, isShared) }
            if other == "none" || name == "none" {
                throw EngineError(
                    .invalid,
                    "container cannot be connected to multiple networks with one of the networks in private (none) mode"
                )
            }
        }
    }
}
