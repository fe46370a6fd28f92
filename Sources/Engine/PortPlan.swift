import DockerAPI
import Linux
import Networking
import OCI
import RuntimeProtocol

/// Which ports of the host a container wants.
enum PortPlan {
    /// A port of the container, and what was asked for it.
    struct Wanted: Equatable {
        var kind: String
        var port: UInt16
        var binding: PortBinding
    }

    /// What the user named, and with `-P` one of the host's for each other port that the container says it has.
    static func wanted(_ host: HostConfig, exposed: Set<String>) throws -> [Wanted] {
        var all: [Wanted] = []
        for (key, bindings) in host.portBindings.sorted(by: { $0.key < $1.key }) {
            let (port, kind) = try split(key)
            for binding in bindings ?? [] { all.append(Wanted(kind: kind, port: port, binding: binding)) }
        }
        guard host.publishAllPorts else { return all }
        for key in exposed.sorted() where (host.portBindings[key] ?? nil)?.isEmpty ?? true {
            let (port, kind) = try split(key)
            all.append(Wanted(kind: kind, port: port, binding: PortBinding()))
        }
        return all
    }

    /// `80/tcp`, `53/udp`, `80`.
    static func split(_ text: String) throws -> (port: UInt16, kind: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let kind = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard parts.count <= 2, let port = UInt16(parts[0]), port > 0, ["tcp", "udp", "sctp"].contains(kind) else {
            throw EngineError(.invalid, "invalid port specification: \"\(text)\"")
        }
        return (port, kind)
    }

    /// The host's ports of a binding: `8080`, `8000-8010`, or nothing, which is any.
    static func range(_ text: String) throws -> ClosedRange<UInt16> {
        if text.isEmpty { return 0...0 }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
            throw EngineError(.invalid, "invalid port specification: \"\(text)\"")
        }
        return first...last
    }

    /// Refuses what can't be meant, when a container is made.
    static func check(_ host: HostConfig, exposed: Set<String>) throws {
        for wanted in try wanted(host, exposed: exposed) {
            _ = try range(wanted.binding.hostPort)
            let address = wanted.binding.hostIP
            guard address.isEmpty || IPAddress(address) != nil else {
                throw EngineError(.invalid, "invalid IP address: \(address) (publish \(wanted.port)/\(wanted.kind))")
            }
        }
    }

    /// What is asked of the container's monitor; `standard` is the address of ports without one.
    static func requests(_ wanted: [Wanted], to lease: Lease, standard: String) throws -> [PortRequest] {
        try wanted.compactMap { wanted in
            let address = wanted.binding.hostIP.isEmpty ? standard : wanted.binding.hostIP
            // To an address of IPv6 the one of IPv6, if there is one; the proxy goes from either to either.
            let isIPv6 = IPAddress(address)?.isIPv6 ?? false
            guard let target = isIPv6 ? lease.ipv6 ?? lease.ipv4 : lease.ipv4 ?? lease.ipv6 else { return nil }
            return PortRequest(
                kind: wanted.kind,
                address: address,
                ports: try range(wanted.binding.hostPort),
                target: target,
                targetPort: wanted.port
            )
        }
    }

    /// What a monitor took, as it is kept.
    static func published(_ requests: [PortRequest], _ taken: [[BoundPort]], _ lease: Lease) -> [Attachments.Published]
    {
        zip(requests, taken).flatMap { request, bound in
            bound.map { place in
                let own = place.address.contains(":") ? lease.ipv6 ?? request.target : request.target
                return Attachments.Published(
                    kind: request.kind,
                    address: place.address,
                    port: place.port,
                    target: own,
                    targetPort: request.targetPort
                )
            }
        }
    }
}
