package import DockerAPI
import Hashing
import Networking
import OCI

/// Containers in networks: what is asked for stands in the container's record, who runs where in `NetworkStore`.
extension Engine {
    /// Gives the container a place in the network, at once where it runs.
    package func connect(_ name: String, to networkName: String, as endpoint: Endpoint) async throws {
        await refreshPluginNetworks()
        let network = try networks.find(networkName)
        let container = try containers.find(name)
        let (id, mode) = (container.id, await container.host.networkMode)
        try NetworkChecks.check(endpoint, in: network, network.name)
        await afterPhase(.starting, of: container)
        try await inTurn(id) {
            let places = await container.record.networkSettings.networks
            try NetworkChecks.check(network.name, beside: places.keys, mode: mode)
            let isLive = await container.isAwake
            if isLive, places[network.name] != nil {
                let name = (try? containers.name(of: id)) ?? id
                throw EngineError(.forbidden, "endpoint with name \(name) already exists in network \(network.name)")
            }
            // From here on nobody removes it.
            if isLive { _ = try networks.enter(network.id, id) }
            do {
                if isLive { try await plugIn(container, network, endpoint.asked) }
                try await container.changeNetworks { $0[network.name] = endpoint.asked }
            } catch {
                if isLive {
                    try? await unplug(container, network)
                    _ = networks.leave(network.id, id)
                }
                throw error
            }
            if isLive { emit(network: "connect", network, container: id) }
        }
    }

    /// Takes the container's place in the network away; `force` also where the network is gone.
    package func disconnect(_ name: String, from networkName: String, force: Bool) async throws {
        let container = try containers.find(name)
        let id = container.id
        let network: Network?
        do { network = try networks.find(networkName) } catch let error as EngineError where error.kind == .notFound {
            // A container that does not run may have a place in what was removed.
            guard await container.record.networkSettings.networks[networkName] != nil else { throw error }
            network = nil
        }
        let key = network?.name ?? networkName
        await afterPhase(.starting, of: container)
        try await inTurn(id) {
            let isLive = await container.isAwake
            guard await container.record.networkSettings.networks[key] != nil else {
                throw EngineError(.failed, "container \(id) is not connected to the network \(key)")
            }
            if isLive && key == "host" {
                throw EngineError(
                    .invalid,
                    "container cannot be disconnected from host network or connected to host network"
                )
            }
            if isLive, let network { try await unplug(container, network) }
            try await container.changeNetworks { $0[key] = nil }
            if let network {
                _ = networks.leave(network.id, id)
                emit(network: "disconnect", network, container: id)
            }
        }
    }

    /// The places that a create body asks for, by the networks' names: without any, one in the network of its mode.
    func endpoints(_ asked: [String: Endpoint?], _ host: HostConfig, mac: String) throws -> [String: Endpoint] {
        let mode = host.networkMode
        if mode.hasPrefix("container:") { return [:] }
        var places: [String: Endpoint] = [:]
        for (key, endpoint) in asked.isEmpty ? [mode: nil] : asked {
            let network = try? networks.find(key)
            let name = network?.name ?? (key == "default" ? "bridge" : key)
            var endpoint = endpoint ?? Endpoint()
            if endpoint.macAddress.isEmpty, key == mode || name == mode { endpoint.macAddress = mac }
            try NetworkChecks.check(endpoint, in: network, name)
            try NetworkChecks.check(name, beside: places.keys, mode: mode)
            places[name] = endpoint.asked
        }
        return places
    }

    /// A container that starts comes into its networks; refused where one is gone, or has nothing to come into yet.
    func enterNetworks(_ record: ContainerRecord) throws {
        let places = try record.networkSettings.networks.keys.sorted().map { name in
            do { return try networks.find(name) } catch let error as EngineError {
                throw EngineError(error.kind, "failed to set up container networking: \(error.description)")
            }
        }
        for network in places where try networks.enter(network.id, record.id) {
            emit(network: "connect", network, container: record.id)
        }
    }

    /// A container that ran on while there was no daemon is in its networks still.
    func resumeNetworks(_ record: ContainerRecord, _ host: HostConfig) {
        linkers.note(record.id, links: Self.links(of: record, host))
        for name in record.networkSettings.networks.keys {
            // One that was removed by hand has nobody in it.
            guard let network = try? networks.find(name) else { continue }
            _ = try? networks.enter(network.id, record.id)
        }
    }

    func tell(of id: String, leaving left: [Network]) {
        for network in left { emit(network: "disconnect", network, container: id) }
    }

    /// A container's places as people see them, with what they have now.
    func shownNetworks(_ record: ContainerRecord) -> [String: Endpoint] {
        var places = record.networkSettings.networks
        for (name, place) in places {
            var shown = place.asked
            if let network = try? networks.find(name) {
                shown.networkID = network.id
                if networks.members(of: network.id).contains(record.id) {
                    shown.endpointID = EndpointID.of(record.id, in: network.id)
                }
                let lease = service.attachments(of: record.id)?.leases.first { $0.network == network.id }
                if let lease { shown.take(lease) }
            }
            if NetworkStore.predefined[name] == nil { shown.dnsNames = Self.dnsNames(record, place) }
            places[name] = shown
        }
        return places
    }
}

extension Endpoint {
    /// Without what a daemon gave it.
    fileprivate var asked: Endpoint {
        var asked = Endpoint()
        (asked.addresses, asked.links, asked.aliases) = (addresses, links, aliases)
        (asked.macAddress, asked.driverOptions, asked.gatewayPriority) = (macAddress, driverOptions, gatewayPriority)
        return asked
    }
}

extension Endpoint {
    /// What it got.
    fileprivate mutating func take(_ lease: Lease) {
        macAddress = lease.mac
        (ipAddress, ipPrefixLen, gateway) = (lease.ipv4 ?? "", lease.bits4, lease.gateway4 ?? "")
        (globalIPv6Address, globalIPv6PrefixLen) = (lease.ipv6 ?? "", lease.bits6)
        ipv6Gateway = lease.gateway6 ?? ""
    }
}

/// What a container's place in a network is called, the same after every start.
enum EndpointID {
    static func of(_ container: String, in network: String) -> String {
        Digest.of("\(network) \(container)".utf8).hex
    }
}
