/// What `--publish` says: `8080:80`, `127.0.0.1::53/udp`, `8000-8010:8000-8010`, `[::1]:80:80`.
struct PortBindings {
    /// Ports of the container: `80/tcp`.
    private(set) var ports: [String] = []
    private var bindings: [(port: String, address: String, host: String)] = []

    var isEmpty: Bool { bindings.isEmpty }

    init(_ flags: [String]) throws {
        for flag in flags { try read(flag.contains("=") ? try Self.short(of: flag) : flag) }
    }

    /// `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`.
    var body: JSON {
        var fields: [(key: String, value: JSON)] = []
        for binding in bindings {
            let place = fields.firstIndex { $0.key == binding.port } ?? fields.count
            if place == fields.count { fields.append((key: binding.port, value: .array([]))) }
            let one = JSON.object([
                (key: "HostIp", value: .string(binding.address)), (key: "HostPort", value: .string(binding.host)),
            ])
            fields[place].value = .array(fields[place].value.elements + [one])
        }
        return .object(fields)
    }

    /// The ports that `--expose` names.
    static func exposed(_ flags: [String]) throws -> [String] {
        try flags.flatMap { flag in
            let (range, kind) = try split(flag)
            guard !flag.contains(":"), let ports = numbers(range) else {
                throw bad("invalid port format for --expose: \(flag)")
            }
            return ports.map { "\($0)/\(kind)" }
        }
    }

    private static func bad(_ why: String) -> Failure { Failure(message: why, status: 125) }

    private mutating func read(_ flag: String) throws {
        var parts = flag.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let (range, kind) = try Self.split(parts.removeLast())
        let host = parts.popLast() ?? ""
        var address = parts.joined(separator: ":")
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard address.isEmpty || IPNetwork.address(address) != nil else {
            throw Self.bad("invalid IP address: \(address) (publish \(flag))")
        }
        guard !range.isEmpty else { throw Self.bad("no port specified: \(flag)<empty>") }
        guard let inside = Self.numbers(range) else { throw Self.bad("invalid containerPort: \(range)") }
        guard let outside = host.isEmpty ? 0...0 : Self.numbers(host) else {
            throw Self.bad("invalid hostPort: \(host)")
        }
        guard host.isEmpty || outside.count == inside.count || inside.count == 1 else {
            throw Self.bad("invalid ranges specified for container and host Ports: \(range) and \(host)")
        }
        for (offset, port) in inside.enumerated() {
            // Several host ports for one of the container's: the daemon takes one that is free.
            let isChoice = inside.count == 1 && outside.count > 1
            let chosen = host.isEmpty ? "" : isChoice ? host : "\(outside.lowerBound + offset)"
            ports.append("\(port)/\(kind)")
            bindings.append((port: "\(port)/\(kind)", address: address, host: chosen))
        }
    }

    /// `target=80,published=8080,protocol=udp` in the short form.
    private static func short(of flag: String) throws -> String {
        var fields: [String: String] = [:]
        for part in flag.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, ["target", "published", "protocol", "mode"].contains(pair[0]) else {
                throw bad("invalid publish flag '\(flag)': the fields are target, published, protocol and mode")
            }
            fields[pair[0]] = pair[1]
        }
        guard let target = fields["target"] else { throw bad("invalid publish flag '\(flag)': target is missing") }
        let inside = "\(target)/\(fields["protocol"] ?? "tcp")"
        return fields["published"].map { "\($0):\(inside)" } ?? inside
    }

    private static func split(_ text: String) throws -> (range: String, kind: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let kind = parts.count > 1 && !parts[1].isEmpty ? parts[1].lowercased() : "tcp"
        guard parts.count <= 2, ["tcp", "udp", "sctp"].contains(kind) else { throw bad("invalid proto: \(kind)") }
        return (parts[0], kind)
    }

    private static func numbers(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
            first <= last, (0...65535).contains(first), last <= 65535
        else { return nil }
        return first...last
    }
}
