import CNI
import DockerAPI
import Linux
import Networking
import OCI

/// What a container's user asks of a network by plug-ins, as they are told it.
///
/// A plug-in that declares the capability gets it as `runtimeConfig`; else addresses go into `CNI_ARGS`, which many read, too.
/// Nobody is bound to either: so it is checked afterwards.
struct PluginWishes: Sendable, Equatable {
    private(set) var arguments: String
    private(set) var capabilities: [String: JSON] = [:]
    private let addresses: [IPAddress]
    private let mac: String

    init(
        _ place: Endpoint,
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ list: ConfigurationList,
        _ ports: [Attachments.Published]
    ) {
        addresses = [place.addresses?.ipv4, place.addresses?.ipv6].compactMap { $0.flatMap(IPAddress.init) }
        mac = place.macAddress.replacing("-", with: ":").lowercased()
        // `dnsname` and others know a container by this name.
        arguments = "IgnoreUnknown=1;K8S_POD_NAME=\(record.plainName)"
        if !addresses.isEmpty {
            capabilities["ips"] = .list(addresses.map { .text("\($0)") })
            if !list.can("ips") { arguments += ";IP=\(addresses[0])" }
        }
        if !mac.isEmpty {
            capabilities["mac"] = .text(mac)
            if !list.can("mac") { arguments += ";MAC=\(mac)" }
        }
        let aliases = place.aliases ?? []
        if !aliases.isEmpty { capabilities["aliases"] = .object([list.name: .list(aliases.map(JSON.text))]) }
        let lookup = ["servers": host.dns, "searches": host.dnsSearch, "options": host.dnsOptions].filter {
            !$1.isEmpty
        }
        if !lookup.isEmpty { capabilities["dns"] = .object(lookup.mapValues { .list($0.map(JSON.text)) }) }
        if !ports.isEmpty { capabilities["portMappings"] = .list(Self.mappings(ports)) }
    }

    /// Each port once: all addresses are one mapping.
    private static func mappings(_ ports: [Attachments.Published]) -> [JSON] {
        ports.reduce(into: []) { mappings, port in
            var mapping: [String: JSON] = [
                "hostPort": .whole(Int64(port.port)), "containerPort": .whole(Int64(port.targetPort)),
                "protocol": .text(port.kind),
            ]
            if IPAddress(port.address)?.isAny == false { mapping["hostIP"] = .text(port.address) }
            if !mappings.contains(.object(mapping)) { mappings.append(.object(mapping)) }
        }
    }

    /// Throws where the plug-ins have done something else.
    func check(_ lease: Lease, _ entry: PluginLists.Entry) throws {
        let network = "network \(entry.list.name) (\(entry.file))"
        for address in addresses where !lease.addresses.contains(address) {
            throw EngineError(
                .invalid,
                "\(network) did not give the container the address \(address) that it was asked for: its plug-ins take none"
            )
        }
        guard mac.isEmpty || lease.mac.isEmpty || lease.mac.lowercased() == mac else {
            throw EngineError(
                .invalid,
                "\(network) did not give the container the MAC address \(mac) that it was asked for: its plug-ins take none"
            )
        }
    }
}
