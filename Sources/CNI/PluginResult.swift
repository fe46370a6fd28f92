package import Linux

/// What plug-ins have made, as the last of them says it.
///
/// <https://www.cni.dev/docs/spec/#add-success>; those of 0.3.0 to 0.4.0 have the same keys, and some more.
package struct PluginResult: Sendable, Equatable {
    /// An interface, on the host or (with a `sandbox`) in the container.
    package struct Interface: Sendable, Equatable {
        package var name: String
        package var mac: String
        package var sandbox: String
    }

    /// An address, of the interface with that number.
    package struct Address: Sendable, Equatable {
        package var interface: Int?
        package var address: IPAddress
        package var bits: Int
        package var gateway: IPAddress?
    }

    /// Where packets to `destination` go; without a gateway to that of the address.
    package struct Route: Sendable, Equatable {
        package var destination: AddressRange
        package var gateway: IPAddress?
    }

    package var interfaces: [Interface] = []
    package var addresses: [Address] = []
    package var routes: [Route] = []
    package var lookup = NameLookup()

    /// More of anything is nothing that a container has.
    private static let most = 256

    package init(_ answer: JSON) throws(FormatError) {
        guard case .object = answer else { throw FormatError("", "no JSON object") }
        for (index, entry) in try Self.list("interfaces", answer).enumerated() {
            let place = "interfaces[\(index)]."
            let mac = try entry.text("mac", in: place)
            guard mac.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw FormatError(place + "mac", "no address")
            }
            interfaces.append(
                Interface(
                    name: try entry.text("name", in: place),
                    mac: mac,
                    sandbox: try entry.text("sandbox", in: place)
                )
            )
        }
        for (index, entry) in try Self.list("ips", answer).enumerated() {
            addresses.append(try Self.address(entry, at: "ips[\(index)]."))
        }
        for (index, entry) in try Self.list("routes", answer).enumerated() {
            let place = "routes[\(index)]."
            guard let destination = AddressRange(try entry.text("dst", in: place)) else {
                throw FormatError(place + "dst", "no range of addresses")
            }
            routes.append(Route(destination: destination, gateway: try Self.ip(entry, "gw", at: place)))
        }
        if let dns = answer["dns"] { lookup = try NameLookup(dns) }
    }

    private static func list(_ key: String, _ answer: JSON) throws(FormatError) -> [JSON] {
        let list = try answer.list(key, in: "")
        guard list.count <= most else { throw FormatError(key, "a list of more than \(most)") }
        return list
    }

    private static func address(_ entry: JSON, at place: String) throws(FormatError) -> Address {
        let text = try entry.text("address", in: place)
        guard let range = AddressRange(text), let own = IPAddress(String(text.prefix { $0 != "/" })) else {
            throw FormatError(place + "address", "no address with a prefix's length, as 10.0.0.2/24")
        }
        var interface: Int?
        if let number = entry["interface"] {
            guard case .whole(let whole) = number, let small = Int(exactly: whole) else {
                throw FormatError(place + "interface", "no number of an interface")
            }
            interface = small
        }
        let gateway = try ip(entry, "gateway", at: place)
        return Address(interface: interface, address: own, bits: range.bits, gateway: gateway)
    }

    private static func ip(_ entry: JSON, _ key: String, at place: String) throws(FormatError) -> IPAddress? {
        let text = try entry.text(key, in: place)
        if text.isEmpty { return nil }
        guard let address = IPAddress(text) else { throw FormatError(place + key, "no address") }
        return address
    }

    /// The MAC address of the container's interface; empty: not told.
    package func mac(of interface: String) -> String {
        interfaces.first { $0.name == interface && !$0.sandbox.isEmpty }?.mac ?? ""
    }

    /// The first address of that kind which the container's interface has.
    package func address(ipv6: Bool, of interface: String) -> Address? {
        addresses.first { address in
            guard address.address.isIPv6 == ipv6 else { return false }
            guard let number = address.interface, interfaces.indices.contains(number) else { return true }
            return interfaces[number].name == interface && !interfaces[number].sandbox.isEmpty
        }
    }

    /// Where all goes that is for no network of the container's own; nil: nowhere by this one.
    package func wayOut(ipv6: Bool, of interface: String) -> IPAddress? {
        let standard = routes.first { $0.destination.isIPv6 == ipv6 && $0.destination.bits == 0 }
        return standard.flatMap { $0.gateway ?? address(ipv6: ipv6, of: interface)?.gateway }
    }
}

/// Whom a container asks for names, as plug-ins say it.
package struct NameLookup: Codable, Sendable, Equatable {
    package var servers: [String] = []
    package var search: [String] = []
    package var options: [String] = []

    package init() {}

    /// None of it can become a line of its own in `resolv.conf`.
    init(_ dns: JSON) throws(FormatError) {
        guard case .object = dns else { throw FormatError("dns", "no JSON object") }
        servers = try dns.texts("nameservers", in: "dns.")
        guard servers.allSatisfy({ IPAddress($0) != nil }) else {
            throw FormatError("dns.nameservers", "no list of addresses")
        }
        search = try dns.texts("search", in: "dns.")
        let domain = try dns.text("domain", in: "dns.")
        if search.isEmpty, !domain.isEmpty { search = [domain] }
        options = try dns.texts("options", in: "dns.")
        guard (search + options).allSatisfy({ $0.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f } && !$0.isEmpty }) else {
            throw FormatError("dns.search", "no list of names")
        }
    }

    package var isEmpty: Bool { self == NameLookup() }
}
