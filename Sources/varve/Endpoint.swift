/// A container's place in a network, as the API takes it.
struct Endpoint {
    var name: String
    var aliases: [String] = []
    var links: [String] = []
    var linkLocal: [String] = []
    var ipv4: String?
    var ipv6: String?
    var mac: String?
    /// `key=value` each.
    var options: [String] = []
    var priority: Int?

    init(name: String) { self.name = name }

    /// Reads `--network`: a name, or `name=back,alias=db,ip=10.20.0.5,…`.
    init(flag: String) throws {
        guard flag.contains("=") else {
            name = flag
            return
        }
        name = ""
        for part in flag.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else {
                throw Failure(
                    message: "invalid argument \"\(flag)\" for \"--network\": no value for \(part)",
                    status: 125
                )
            }
            switch pair[0].lowercased() {
            case "name": name = pair[1]
            case "alias": aliases.append(pair[1])
            case "ip": ipv4 = pair[1]
            case "ip6": ipv6 = pair[1]
            case "mac-address": mac = pair[1]
            case "link-local-ip": linkLocal.append(pair[1])
            case "driver-opt": options.append(pair[1])
            case "gw-priority": priority = Int(pair[1])
            default:
                throw Failure(
                    message: "invalid argument \"\(flag)\" for \"--network\": invalid field key \(pair[0])",
                    status: 125
                )
            }
        }
        guard !name.isEmpty else {
            throw Failure(message: "invalid argument \"\(flag)\" for \"--network\": it names no network", status: 125)
        }
    }

    /// Whether anything is said but the network's name.
    var saysMore: Bool { body.fields.contains { _ in true } }

    /// A network of the daemon's own making, or of the user's: not a mode.
    var isNetwork: Bool { !["host", "none"].contains(name) && !name.hasPrefix("container:") }

    var body: JSON {
        var fields: [(key: String, value: JSON)] = []
        var addresses: [(key: String, value: JSON)] = []
        if let ipv4 { addresses.append((key: "IPv4Address", value: .string(ipv4))) }
        if let ipv6 { addresses.append((key: "IPv6Address", value: .string(ipv6))) }
        if !linkLocal.isEmpty { addresses.append((key: "LinkLocalIPs", value: .strings(linkLocal))) }
        if !addresses.isEmpty { fields.append((key: "IPAMConfig", value: .object(addresses))) }
        if !links.isEmpty { fields.append((key: "Links", value: .strings(links))) }
        if !aliases.isEmpty { fields.append((key: "Aliases", value: .strings(aliases))) }
        if let mac { fields.append((key: "MacAddress", value: .string(mac))) }
        if !options.isEmpty { fields.append((key: "DriverOpts", value: .pairs(options))) }
        if let priority { fields.append((key: "GwPriority", value: .int(priority))) }
        return .object(fields)
    }
}
