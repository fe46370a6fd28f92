import ArgumentParser

/// What `run` and `create` say of networks and ports.
struct NetworkOptions: ParsableArguments {
    @Option(
        name: [.customLong("network"), .customLong("net")],
        help: "none, host, container:NAME, a network, or name=NETWORK,alias=…,ip=…"
    )
    var network: [String] = []
    @Option(
        name: [.customLong("network-alias"), .customLong("net-alias")],
        help: "A further name of the container in that network."
    )
    var networkAlias: [String] = []
    @Option(help: "Its IPv4 address.") var ip: String?
    @Option(help: "Its IPv6 address.") var ip6: String?
    @Option(name: .customLong("link-local-ip"), help: "A link-local address.") var linkLocalIP: [String] = []
    @Option(name: .customLong("mac-address"), help: "Its hardware address.") var macAddress: String?
    @Option(help: "Another container, with a name for it: NAME:ALIAS.") var link: [String] = []
    @Option(name: .shortAndLong, help: "Publish a port: [address:][host port:]port[/udp].") var publish: [String] = []
    @Flag(name: [.customShort("P"), .long], help: "Publish all exposed ports, on any free ones.") var publishAll = false
    @Option(help: "Expose a port or several: 80, 8000-8010/udp.") var expose: [String] = []
    @Option(name: .customLong("add-host"), help: "A line of /etc/hosts: name:address.") var addHost: [String] = []
    @Option(help: "A name server.") var dns: [String] = []
    @Option(name: .customLong("dns-search"), help: "A search domain.") var dnsSearch: [String] = []
    @Option(name: [.customLong("dns-option"), .customLong("dns-opt")], help: "An option of the resolver.")
    var dnsOption: [String] = []

    /// The networks; what single flags say is said of the first.
    func endpoints() throws -> [Endpoint] {
        var endpoints = try network.map { try Endpoint(flag: $0) }
        if endpoints.isEmpty { endpoints = [Endpoint(name: "default")] }
        endpoints[0].aliases += networkAlias
        endpoints[0].linkLocal += linkLocalIP
        endpoints[0].ipv4 = ip ?? endpoints[0].ipv4
        endpoints[0].ipv6 = ip6 ?? endpoints[0].ipv6
        endpoints[0].mac = macAddress ?? endpoints[0].mac
        if !["default", "bridge"].contains(endpoints[0].name), endpoints[0].isNetwork { endpoints[0].links += link }
        return endpoints
    }

    /// What goes into the host's part of the body.
    func hostFields() throws -> [(key: String, value: JSON)] {
        var fields: [(key: String, value: JSON)] = [(key: "NetworkMode", value: .string(try endpoints()[0].name))]
        let bindings = try PortBindings(publish)
        if !bindings.isEmpty { fields.append((key: "PortBindings", value: bindings.body)) }
        if publishAll { fields.append((key: "PublishAllPorts", value: .bool(true))) }
        for (key, values) in [
            ("Links", link), ("ExtraHosts", addHost.map(hostLine)), ("Dns", dns), ("DnsSearch", dnsSearch),
            ("DnsOptions", dnsOption),
        ] where !values.isEmpty { fields.append((key: key, value: .strings(values))) }
        return fields
    }

    /// What goes beside it.
    func fields() throws -> [(key: String, value: JSON)] {
        var fields: [(key: String, value: JSON)] = []
        let ports = try PortBindings(publish).ports + PortBindings.exposed(expose)
        if !ports.isEmpty {
            var seen: Set<String> = []
            let unique = ports.filter { seen.insert($0).inserted }
            fields.append((key: "ExposedPorts", value: .object(unique.map { (key: $0, value: .object([])) })))
        }
        if let macAddress { fields.append((key: "MacAddress", value: .string(macAddress))) }
        let endpoints = try endpoints()
        if endpoints.count > 1 || endpoints[0].saysMore {
            let config = JSON.object(endpoints.map { (key: $0.name, value: $0.body) })
            fields.append((key: "NetworkingConfig", value: .object([(key: "EndpointsConfig", value: config)])))
        }
        return fields
    }

    /// `name=address` as `name:address`.
    private func hostLine(_ entry: String) -> String {
        guard let place = entry.firstIndex(where: { $0 == "=" || $0 == ":" }), entry[place] == "=" else { return entry }
        let address = entry[entry.index(after: place)...]
        let isBracketed = address.hasPrefix("[") && address.hasSuffix("]")
        return "\(entry[..<place]):\(isBracketed ? address.dropFirst().dropLast() : address)"
    }
}
