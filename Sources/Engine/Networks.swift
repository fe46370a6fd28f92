package import DockerAPI
import Linux
import Networking
import SystemPackage

/// `network`: what can be said of networks, and which containers are in them.
extension Engine {
    package func createNetwork(_ request: NetworkCreateRequest) async throws -> Network {
        try NetworkChecks.check(request)
        await refreshPluginNetworks()
        var network = NetworkStore.made(request.name, driver: "bridge")
        network.hasIPv6 = request.hasIPv6 ?? false
        network.isInternal = request.isInternal
        network.isAttachable = request.isAttachable
        network.options = request.options
        network.labels = request.labels
        if let addresses = request.addresses { network.addresses = addresses }
        if network.addresses.driver.isEmpty { network.addresses.driver = "default" }
        network.addresses.options = network.addresses.options ?? [:]
        network.addresses.config.removeAll { $0 == AddressPool() }
        let asked = network
        let made = try await pool.run { [self] in try make(asked) }
        emit(network: "create", made)
        return made
    }

    /// Writes the network down and makes it; all of it, or nothing.
    private func make(_ asked: Network) throws -> Network {
        _ = try NetworkPlan.make(asked, dataRoot: settings.dataRoot.string)
        do {
            let taken = try service.takenRanges()
            let made = try networks.add(asked, beside: try service.standardRanges()) { network, others in
                try NetworkPlan.fill(&network, settings.bridge.pools, without: taken + others)
            }
            do { try service.bringUp(try service.plan(made)) } catch {
                try? networks.remove(made.id) { _ in EngineError.noSuchNetwork(made.name) }
                throw error
            }
            return made
        } catch let error as NetworkError {
            throw EngineError(error.isTheUsers ? .forbidden : .failed, "\(error)")
        }
    }

    /// With what of the default network is not written down.
    func shown(_ network: Network) -> Network {
        var shown = network
        shown.hasOwnRanges = true
        guard network.name == "bridge", let plan = try? service.standard(network.id) else { return shown }
        shown.addresses.config = plan.subnets.map { subnet in
            var pool = AddressPool()
            (pool.subnet, pool.gateway) = ("\(subnet.range)", "\(subnet.gateway)")
            pool.range = subnet.part.map { "\($0)" }
            return pool
        }
        shown.options = [
            "com.docker.network.bridge.default_bridge": "true", NetworkPlan.Key.bridge: plan.bridge,
            NetworkPlan.Key.isOpen: "\(plan.isOpen)", NetworkPlan.Key.isMasked: "\(plan.isMasked)",
            NetworkPlan.Key.hostAddress: settings.bridge.hostAddress.isEmpty ? "0.0.0.0" : settings.bridge.hostAddress,
            NetworkPlan.Key.mtu: "\(plan.mtu ?? 1500)",
        ]
        return shown
    }

    /// The network with that ID, name or prefix of an ID, with the containers in it that run.
    package func network(_ name: String) async throws -> Network {
        await refreshPluginNetworks()
        let found = try networks.find(name)
        var network = try await pool.run { [self] in shown(found) }
        for id in networks.members(of: network.id) {
            // It may just be going.
            guard let container = try? containers.find(id) else { continue }
            var shown = NetworkContainer()
            shown.name = await container.record.plainName
            shown.endpointID = EndpointID.of(id, in: network.id)
            if let lease = service.attachments(of: id)?.leases.first(where: { $0.network == network.id }) {
                shown.macAddress = lease.mac
                shown.ipv4Address = lease.ipv4.map { "\($0)/\(lease.bits4)" } ?? ""
                shown.ipv6Address = lease.ipv6.map { "\($0)/\(lease.bits6)" } ?? ""
            }
            network.containers[id] = shown
        }
        return network
    }

    /// All that match the filters of `docker network ls`.
    package func networks(filters: [String: [String]]) async throws -> [Network] {
        let filter = try NetworkFilter(filters)
        await refreshPluginNetworks()
        let found = networks.all().filter { filter.matches($0, isUsed: !networks.members(of: $0.id).isEmpty) }
        return try await pool.run { [self] in found.map(shown) }
    }

    package func removeNetwork(_ name: String) async throws {
        await refreshPluginNetworks()
        let network = try networks.find(name)
        if network.isByPlugins {
            let file = (try? lists.entry(network.id).file.string) ?? "a file"
            guard exists(FilePath(file)) else {
                throw EngineError(
                    .forbidden,
                    "network \(network.name) has active endpoints: \(file), which described it, is gone, and it goes with the last of them"
                )
            }
            throw EngineError(
                .forbidden,
                "network \(network.name) is what \(file) describes: to remove it, move that file away"
            )
        }
        if network.isPredefined {
            throw EngineError(.forbidden, "\(network.name) is a pre-defined network and cannot be removed")
        }
        try await pool.run { [networks, containers, service] in
            try networks.remove(network.id) { members in
                let users = members.sorted().map { id in
                    "name:\"\((try? containers.name(of: id)) ?? "")\" id:\"\(id.prefix(12))\""
                }
                return EngineError(
                    .forbidden,
                    "error while removing network: network \(network.name) id \(network.id) has active endpoints "
                        + "(\(users.joined(separator: ", ")))"
                )
            }
            try service.bridges.takeDown(network.id)
        }
        emit(network: "destroy", network)
    }

    /// Removes networks that no running container is in, as Docker does; returns their names.
    package func pruneNetworks(filters: [String: [String]]) async throws -> [String] {
        let filter = try PruneFilter(filters)
        var pruned: [String] = []
        for network in networks.all() where !network.isPredefined {
            // Somebody may have come into it, or removed it, meanwhile.
            guard filter.takes(network.labels, created: network.created),
                (try? await removeNetwork(network.id)) != nil
            else { continue }
            pruned.append(network.name)
        }
        events.emit("network", "prune", id: "", attributes: ["reclaimed": "0"])
        return pruned
    }

    func emit(network action: String, _ network: Network, container: String? = nil) {
        var attributes = ["name": network.name, "type": network.driver]
        attributes["container"] = container
        events.emit("network", action, id: network.id, attributes: attributes)
    }
}

/// The filters of `docker network ls`: values of one key are alternatives, keys add up; labels must all be there.
struct NetworkFilter {
    private let filters: [String: [String]]
    private let isDangling: Bool?

    init(_ filters: [String: [String]]) throws {
        self.filters = filters
        isDangling = try filters.boolean("dangling")
        for type in filters["type"] ?? [] where !["builtin", "custom"].contains(type) {
            throw EngineError(.invalid, "invalid filter 'type=\(type)': it is builtin or custom")
        }
    }

    /// `isUsed`: whether a running container is in it.
    func matches(_ network: Network, isUsed: Bool) -> Bool {
        (filters["label"] ?? []).allSatisfy { Label.matches($0, network.labels) }
            && any("driver") { network.driver == $0 }
            && any("id") { Self.text(network.id, matches: $0) }
            && any("name") { Self.text(network.name, matches: $0) }
            && any("scope") { network.scope == $0 }
            && any("type") { ($0 == "builtin") == network.isPredefined }
            // Docker's own networks are never dangling.
            && isDangling.map { $0 == !(network.isPredefined || isUsed) } ?? true
    }

    private func any(_ key: String, _ holds: (String) -> Bool) -> Bool { filters[key]?.contains(where: holds) ?? true }

    /// A regular expression, as Docker takes it; what is none is looked for as it is.
    private static func text(_ text: String, matches pattern: String) -> Bool {
        guard let expression = try? Regex(pattern) else { return text.contains(pattern) }
        return text.firstMatch(of: expression) != nil
    }
}
