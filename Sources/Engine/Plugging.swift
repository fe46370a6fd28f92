import DockerAPI
import Launcher
import Linux
import Logging
import Networking
import OCI
import SystemPackage

/// Containers in the kernel's networks: addresses before they start, interfaces between their launch and their first step.
extension Engine {
    /// Gives a container that is about to start its addresses, and the files that go with them.
    func attach(_ record: ContainerRecord, _ host: HostConfig) async throws {
        let places = try ownPlaces(record, host)
        try await pool.run { [self] in
            var attachments = Attachments()
            attachments.servers = host.dns
            for (network, place) in places {
                try lease(network, place, record, &attachments)
                // What has begun is given back by whoever hears of the failure.
                service.set(attachments, of: record.id)
            }
            try checkPublishing(attachments, record, host)
            attachments.isNameless = !renewNames(of: attachments, record.id)
            if !places.isEmpty { service.set(attachments, of: record.id) }
            try writeFiles(record, host, attachments, isRunning: false)
        }
    }

    /// A container that has ended, or did not come to begin, gives back what it has; what plug-ins gave it is left to
    /// `releaseLeftByPlugins` where a daemon just begins.
    func leaveNetworks(_ record: ContainerRecord, pluginsLater: Bool = false) async {
        linkers.note(record.id, links: [])
        try? await inTurn(record.id) {
            await pool.perform { [self] in
                if !pluginsLater { releaseByPlugins(record.id) }
                for error in service.release(record.id, in: settings.execRoot.appending(record.id)) {
                    log.error("network not left", metadata: ["container": "\(record.id)", "error": "\(error)"])
                }
            }
        }
    }

    /// The networks that it gets interfaces in, that of its mode first.
    private func ownPlaces(_ record: ContainerRecord, _ host: HostConfig) throws -> [(Network, Endpoint)] {
        if host.networkMode == "host" || host.networkMode.hasPrefix("container:") { return [] }
        let mode = try? networks.find(host.networkMode).name
        return try record.networkSettings.networks.sorted {
            ($0.key != mode ? 1 : 0, $0.key) < ($1.key != mode ? 1 : 0, $1.key)
        }
        .map { (try networks.find($0.key), $0.value) }.filter { $0.0.driver == "bridge" || $0.0.isByPlugins }
    }

    func lease(_ network: Network, _ place: Endpoint, _ record: ContainerRecord, _ attachments: inout Attachments)
        throws
    {
        if network.isByPlugins { return expect(network, &attachments) }
        let plan = try service.plan(network)
        do {
            try service.bringUp(plan)
            let lease = try service.bridges.lease(
                network.id,
                request(place),
                interface: Self.interface(plan, attachments)
            )
            attachments.leases.append(lease)
        } catch let error as NetworkError {
            let kind: EngineError.Kind = error.isTheUsers ? .forbidden : .failed
            throw EngineError(kind, "failed to set up container networking: \(error)")
        }
        if !network.isPredefined { attachments.names[network.id] = Self.names(of: record, place, in: network.name) }
    }

    private func request(_ place: Endpoint) -> LeaseRequest {
        var request = LeaseRequest()
        request.ipv4 = place.addresses?.ipv4.flatMap(IPAddress.init)
        request.ipv6 = place.addresses?.ipv6.flatMap(IPAddress.init)
        if !place.macAddress.isEmpty { request.mac = place.macAddress }
        return request
    }

    /// The first name that it has not yet.
    private static func interface(_ plan: BridgeNetwork, _ attachments: Attachments) -> String {
        let taken = Set(attachments.leases.map(\.interface))
        return (0...taken.count).lazy.map { "\(plan.prefix)\($0)" }.first { !taken.contains($0) } ?? plan.prefix
    }

    /// What others in the network may call it, with and without the network's name.
    static func names(of record: ContainerRecord, _ place: Endpoint, in network: String) -> [String] {
        let plain = dnsNames(record, place)
        return plain + plain.map { "\($0).\(network)" }
    }

    /// Its name, aliases, short ID and host name, each once.
    static func dnsNames(_ record: ContainerRecord, _ place: Endpoint) -> [String] {
        let all = [record.plainName] + (place.aliases ?? []) + [String(record.id.prefix(12)), record.config.hostname]
        return all.reduce(into: []) { if !$0.contains($1), !$1.isEmpty { $0.append($1) } }
    }

    /// Puts a container whose process waits for its first step into its networks, and leads its ports to it.
    func plug(_ record: ContainerRecord, _ host: HostConfig, _ monitor: Monitor) async throws {
        guard var attachments = service.attachments(of: record.id) else { return }
        let gateway = gatewayLease(attachments, record)
        let settings = try endpointSettings(record)
        let leased = attachments
        // Before there is anything to take back.
        try await pool.run { [self] in try keep(leased, of: record.id) }
        let namespace = try await namespace(of: monitor)
        try await pool.run { [service] in
            for lease in leased.leases where !lease.isByPlugins {
                let isGateway = lease.network == gateway?.network
                let own = settings[lease.network] ?? [:]
                try service.bridges.plug(lease, own, isGateway: isGateway, into: namespace.value)
            }
        }
        attachments = try await plugByPlugins(record, host, monitor, attachments, gateway: gateway)
        guard let gateway, !gateway.isByPlugins else { return try await findWayOut(attachments, record, namespace) }
        let wanted = try PortPlan.wanted(host, exposed: record.config.exposedPorts)
        guard !wanted.isEmpty else { return }
        attachments.ports = try await publish(wanted, gateway, record, monitor)
        let done = attachments
        try await pool.run { [self] in try keep(done, of: record.id) }
    }

    /// Where the plug-ins of the network that was to be the way out made none, another network is it.
    private func findWayOut(_ attachments: Attachments, _ record: ContainerRecord, _ namespace: HeldNamespace)
        async throws
    {
        guard let gateway = gatewayLease(attachments, record), !gateway.isByPlugins else { return }
        try await pool.run { try Cable.changeGateways(from: [], to: gateway.gateways, of: namespace.value) }
    }

    /// Leads what comes to ports of the host to the container.
    func publish(
        _ wanted: [PortPlan.Wanted],
        _ lease: Lease,
        _ record: ContainerRecord,
        _ monitor: Monitor
    ) async throws -> [Attachments.Published] {
        let network = try networks.find(lease.network)
        let standard = network.isPredefined ? settings.bridge.hostAddress : network.options[NetworkPlan.Key.hostAddress]
        let requests = try PortPlan.requests(wanted, to: lease, standard: standard ?? "")
        do {
            let taken = try await monitor.publish(requests)
            let ports = PortPlan.published(requests, taken, lease)
            try await pool.run { [service] in try service.bridges.publish(ports.compactMap(\.rule), of: record.id) }
            return ports
        } catch {
            let endpoint = "\(record.plainName) (\(EndpointID.of(record.id, in: lease.network)))"
            throw EngineError(
                .failed,
                "failed to set up container networking: driver failed programming external connectivity on endpoint "
                    + "\(endpoint): \(error)"
            )
        }
    }

    /// The network through which a container reaches others: that of the highest priority, then of the first name.
    func gatewayLease(_ attachments: Attachments, _ record: ContainerRecord) -> Lease? {
        let candidates = attachments.leases.filter { !$0.gateways.isEmpty || $0.isExpected }.compactMap { lease in
            (try? networks.find(lease.network)).map { (lease, $0.name) }
        }
        let places = record.networkSettings.networks
        return candidates.min { first, second in
            let priorities = (places[first.1]?.gatewayPriority ?? 0, places[second.1]?.gatewayPriority ?? 0)
            return priorities.0 == priorities.1 ? first.1 < second.1 : priorities.0 > priorities.1
        }?.0
    }

    /// What was asked for of the interfaces' settings, by network.
    private func endpointSettings(_ record: ContainerRecord) throws -> [String: [String: String]] {
        var all: [String: [String: String]] = [:]
        for (name, place) in record.networkSettings.networks {
            guard let text = place.driverOptions?[NetworkPlan.Key.settings], let network = try? networks.find(name)
            else {
                continue
            }
            all[network.id] = try EndpointSettings.parse(text)
        }
        return all
    }
}
