/// A container's ports as listings show them: neighbours as a range, what is published elsewhere in full.
struct PublishedPorts {
    private struct Port {
        let address: String
        let inside: Int
        let outside: Int
        let kind: String

        var order: (Int, String, Int, String) { (inside, address, outside, kind) }
    }

    private let ports: [Port]

    init(_ ports: [JSON]) {
        self.ports = ports.map {
            Port(
                address: $0["IP"].string ?? "",
                inside: $0["PrivatePort"].int ?? 0,
                outside: $0["PublicPort"].int ?? 0,
                kind: $0["Type"].string ?? ""
            )
        }.sorted { $0.order < $1.order }
    }

    /// `0.0.0.0:8080->80/tcp, 9000-9002/udp`.
    var text: String {
        var done: [String] = []
        var mapped: [String] = []
        var groups: [(address: String, kind: String, first: Int, last: Int)] = []
        for port in ports {
            if !port.address.isEmpty, port.outside != port.inside {
                mapped.append("\(joined(port.address, "\(port.outside)"))->\(port.inside)/\(port.kind)")
            } else if let place = groups.firstIndex(where: { $0.address == port.address && $0.kind == port.kind }) {
                if port.inside == groups[place].last + 1 {
                    groups[place].last = port.inside
                } else {
                    done.append(shown(groups[place]))
                    (groups[place].first, groups[place].last) = (port.inside, port.inside)
                }
            } else {
                groups.append((port.address, port.kind, port.inside, port.inside))
            }
        }
        return (done + groups.map(shown) + mapped).joined(separator: ", ")
    }

    private func shown(_ group: (address: String, kind: String, first: Int, last: Int)) -> String {
        let range = group.first == group.last ? "\(group.first)" : "\(group.first)-\(group.last)"
        return (group.address.isEmpty ? range : "\(joined(group.address, range))->\(range)") + "/" + group.kind
    }

    private func joined(_ address: String, _ port: String) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
