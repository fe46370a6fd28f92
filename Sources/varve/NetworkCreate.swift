import ArgumentParser

/// `varve network create`.
struct NetworkCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a network.",
        discussion: """
            Example: varve network create back
            Example: varve network create --subnet 10.20.0.0/16 --gateway 10.20.0.1 --internal back
            """
    )

    @Option(name: .shortAndLong, help: "bridge, macvlan, ipvlan, …") var driver = "bridge"
    @Option(help: "A subnet: 10.20.0.0/16.") var subnet: [String] = []
    @Option(help: "The gateway of a subnet.") var gateway: [String] = []
    @Option(name: .customLong("ip-range"), help: "The part of a subnet that addresses are taken from.") var ipRange:
        [String] = []
    @Option(name: .customLong("aux-address"), help: "An address that is in use already: name=address.")
    var auxAddress: [String] = []
    @Option(name: .customLong("ipam-driver"), help: "Who gives the addresses.") var ipamDriver = "default"
    @Option(name: .customLong("ipam-opt"), help: "An option of theirs: key=value.") var ipamOpt: [String] = []
    @Flag(name: .customLong("internal"), help: "No way out of it.") var isInternal = false
    @Flag(help: "Containers may be connected by hand (services).") var attachable = false
    @Flag(help: "For a swarm's routing mesh.") var ingress = false
    @Flag(inversion: .prefixedNo, help: "IPv4 addresses, or none.") var ipv4: Bool?
    @Flag(inversion: .prefixedNo, help: "IPv6 addresses, or none.") var ipv6: Bool?
    @Option(name: .shortAndLong, help: "An option of the driver: key=value.") var opt: [String] = []
    @Option(help: "A label: key=value.") var label: [String] = []
    @Option(help: "local or swarm.") var scope: String?
    @Flag(name: .customLong("config-only"), help: "Keep the settings only, for --config-from.") var configOnly = false
    @Option(name: .customLong("config-from"), help: "The network whose settings it takes.") var configFrom: String?
    @Argument(help: "Its name.") var name: String

    func run() throws {
        var body: [(key: String, value: JSON)] = [
            (key: "Name", value: .string(name)), (key: "Driver", value: .string(driver)),
            (key: "Scope", value: .string(scope ?? "")), (key: "Internal", value: .bool(isInternal)),
            (key: "Attachable", value: .bool(attachable)), (key: "Ingress", value: .bool(ingress)),
            (key: "ConfigOnly", value: .bool(configOnly)), (key: "Options", value: .pairs(opt)),
            (key: "Labels", value: .pairs(label)),
            (
                key: "IPAM",
                value: .object([
                    (key: "Driver", value: .string(ipamDriver)), (key: "Options", value: .pairs(ipamOpt)),
                    (key: "Config", value: .array(try pools())),
                ])
            ),
        ]
        if let ipv4 { body.append((key: "EnableIPv4", value: .bool(ipv4))) }
        if let ipv6 { body.append((key: "EnableIPv6", value: .bool(ipv6))) }
        if let configFrom {
            body.append((key: "ConfigFrom", value: .object([(key: "Network", value: .string(configFrom))])))
        }
        let answer = try Daemon().ask("POST", "/networks/create", body: .object(body))
        if let warning = answer["Warning"].string, !warning.isEmpty { warn("WARNING: \(warning)") }
        put("\(answer["Id"].string ?? "")\n")
    }

    /// Each subnet with the gateway, the range and the used addresses that lie in it.
    private func pools() throws -> [JSON] {
        guard !subnet.isEmpty || gateway.isEmpty && ipRange.isEmpty && auxAddress.isEmpty else {
            if ipRange.count + gateway.count <= 2, auxAddress.isEmpty {
                return [pool(nil, ipRange.first, gateway.first)]
            }
            throw Failure(message: "every --ip-range or --gateway must have a corresponding --subnet")
        }
        let nets = try subnet.map { text in
            guard let net = IPNetwork(text) else {
                throw Failure(message: "invalid subnet '\(text)': write 10.20.0.0/16")
            }
            return net
        }
        func place(_ text: String, _ what: String) throws -> Int {
            let address = String(text.prefix { $0 != "/" })
            guard let place = nets.firstIndex(where: { $0.contains(address) }) else {
                throw Failure(message: "no matching subnet for \(what) \(text): give the --subnet that it lies in")
            }
            return place
        }
        let ranges = try ipRange.map { (try place($0, "range"), $0) }
        let gateways = try gateway.map { (try place($0, "gateway"), $0) }
        let used = try auxAddress.map { entry in
            (try place(String(entry.drop { $0 != "=" }.dropFirst()), "aux-address"), entry)
        }
        return subnet.enumerated().map { index, net in
            let others = used.filter { $0.0 == index }.map(\.1)
            return pool(net, ranges.first { $0.0 == index }?.1, gateways.first { $0.0 == index }?.1, others)
        }
    }

    private func pool(_ subnet: String?, _ range: String?, _ gateway: String?, _ used: [String] = []) -> JSON {
        let texts = [("Subnet", subnet), ("IPRange", range), ("Gateway", gateway)]
        var fields = texts.compactMap { item in item.1.map { (key: item.0, value: JSON.string($0)) } }
        if !used.isEmpty { fields.append((key: "AuxiliaryAddresses", value: .pairs(used))) }
        return .object(fields)
    }
}
