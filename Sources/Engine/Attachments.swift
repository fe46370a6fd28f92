import CNI
import DockerAPI
import FoundationEssentials
import Linux
import Networking
import SystemPackage

/// What a running container has of networks: kept in its folder in the exec root, so that whoever comes after a daemon that
/// died can give it back.
struct Attachments: Codable, Sendable, Equatable {
    /// In the order of its interfaces.
    var leases: [Lease] = []
    /// Those that lead to it, with the host's end.
    var ports: [Published] = []
    /// What others call it, in each network.
    var names: [String: [String]] = [:]
    /// Whom the name server asks for it; empty: the host's.
    var servers: [String] = []
    /// Whom plug-ins tell it to ask, by network.
    var lookups: [String: NameLookup]?

    /// A published port.
    struct Published: Codable, Sendable, Equatable {
        var kind: String
        /// `0.0.0.0` and `::` for all.
        var address: String
        var port: UInt16
        var target: String
        var targetPort: UInt16
        /// Plug-ins' rules lead to it.
        var byPlugins: Bool?

        var isByPlugins: Bool { byPlugins == true }

        /// `80/tcp`.
        var key: String { "\(targetPort)/\(kind)" }

        /// The rule that leads there; nil: what comes there is passed on by the proxy, or by somebody else's rule.
        var rule: Rules.PublishedPort? {
            guard !isByPlugins, let target = IPAddress(target), let own = IPAddress(address),
                target.isIPv6 == own.isIPv6
            else { return nil }
            return Rules.PublishedPort(
                kind: kind,
                address: own.isAny ? nil : own,
                port: port,
                target: target,
                targetPort: targetPort
            )
        }
    }

    /// The name server can't be had: the host's are asked.
    var isNameless = false

    var isEmpty: Bool { leases.isEmpty && ports.isEmpty }

    private static func file(_ folder: FilePath) -> FilePath { folder.appending("network.json") }

    /// What stands in a container's folder; nothing where there is nothing whole.
    init(in folder: FilePath) {
        guard let bytes = try? readFile(Self.file(folder)),
            let found = try? JSONDecoder().decode(Self.self, from: Data(bytes))
        else { return }
        self = found
    }

    init() {}

    /// Writes it down; the exec root does not outlive the machine, so nothing is flushed.
    func save(in folder: FilePath) throws {
        try writeAtomically(Array(try JSONEncoder().encode(self)), to: Self.file(folder), flush: false)
    }

    /// The ports as `inspect` shows them; those of `exposed` that are not published lead nowhere.
    func shownPorts(_ exposed: Set<String>) -> [String: [PortBinding]?] {
        var shown: [String: [PortBinding]?] = [:]
        for port in exposed { shown.updateValue(nil, forKey: port) }
        for port in ports {
            var binding = PortBinding()
            (binding.hostIP, binding.hostPort) = (port.address, "\(port.port)")
            shown[port.key] = ((shown[port.key] ?? nil) ?? []) + [binding]
        }
        return shown
    }
}
