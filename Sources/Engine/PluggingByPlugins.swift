import CNI
import DockerAPI
import Launcher
import Linux
import Logging
import Networking
import OCI
import RuntimeProtocol
import SystemPackage

/// Containers in networks that CNI's plug-ins make.
extension Engine {
    /// Takes up what has changed in the lists' folder.
    func refreshPluginNetworks() async {
        await pool.perform { [self] in
            for problem in lists.refresh() { log.warning("network by plug-ins", metadata: ["problem": "\(problem)"]) }
        }
    }

    /// The same before a container starts: only for one that is in another network than the daemon's own.
    func refreshPluginNetworks(for record: ContainerRecord) async {
        let isInOwn = record.networkSettings.networks.keys.allSatisfy { name in
            (try? networks.find(name)).map { !$0.isByPlugins } ?? false
        }
        if !isInOwn { await refreshPluginNetworks() }
    }

    /// A place in such a network; the plug-ins say which addresses it has when they have run.
    func expect(_ network: Network, _ attachments: inout Attachments) {
        let taken = Set(attachments.leases.map(\.interface))
        let name = (0...taken.count).lazy.map { "eth\($0)" }.first { !taken.contains($0) } ?? "eth"
        var lease = Lease(network: network.id, port: "", interface: name, mac: "")
        lease.expects = true
        attachments.leases.append(lease)
    }

    /// Refuses what nobody would carry out: ports that a user names, where no plug-in leads to them.
    func checkPublishing(_ attachments: Attachments, _ record: ContainerRecord, _ host: HostConfig) throws {
        var named = host
        named.publishAllPorts = false
        guard let lease = gatewayLease(attachments, record), lease.isByPlugins,
            try !PortPlan.wanted(named, exposed: []).isEmpty
        else { return }
        let entry = try lists.entry(lease.network)
        guard entry.list.can("portMappings") else {
            throw EngineError(
                .invalid,
                "network \(entry.list.name) can't publish ports: no plug-in of \(entry.file) has the capability "
                    + "portMappings; add portmap to it, or leave -p out"
            )
        }
    }

    /// Runs the plug-ins for all such networks of a container whose process waits for its first step; that of `gateway` first,
    /// and its plug-ins lead to the container's ports.
    func plugByPlugins(
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ monitor: Monitor,
        _ attachments: Attachments,
        gateway: Lease?
    ) async throws -> Attachments {
        let own = attachments.leases.filter(\.isByPlugins)
        guard !own.isEmpty else { return attachments }
        // What could not be undone of its last run.
        await pool.perform { [self] in releaseByPlugins(record.id) }
        var attachments = attachments
        for lease in own.filter({ $0.network == gateway?.network }) + own.filter({ $0.network != gateway?.network }) {
            let publishes = lease.network == gateway?.network
            attachments = try await add(lease, record, host, monitor, attachments, publishes: publishes)
        }
        let (done, effective) = (attachments, containerDefaults.applied(to: host))
        let way = gatewayLease(done, record)
        for lease in done.leases where lease.isByPlugins && lease.network != way?.network {
            try await closeWayOut(lease, monitor)
        }
        try await pool.run { [self] in try writeFiles(record, effective, done, isRunning: true) }
        return attachments
    }

    /// Plug-ins make a way out whether or not there is one: then it is taken away.
    func closeWayOut(_ lease: Lease, _ monitor: Monitor) async throws {
        if lease.gateways.isEmpty { return }
        let namespace = try await namespace(of: monitor)
        try await pool.run { try Cable.changeGateways(from: lease.gateways, to: [], of: namespace.value) }
    }

    /// One network: ports are taken, the plug-ins run, and what they say is noted.
    func add(
        _ lease: Lease,
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ monitor: Monitor,
        _ before: Attachments,
        publishes: Bool
    ) async throws -> Attachments {
        let entry = try lists.entry(lease.network)
        let place = record.networkSettings.networks[entry.list.name] ?? Endpoint()
        var attachments = before
        let wanted = publishes ? try PortPlan.wanted(host, exposed: record.config.exposedPorts) : []
        if !wanted.isEmpty, entry.list.can("portMappings") {
            attachments.ports = try await hold(wanted, record, monitor, lease)
        }
        let wishes = PluginWishes(place, record, host, entry.list, attachments.ports.filter(\.isByPlugins))
        let namespace = try await namespace(of: monitor)
        let result = try await pool.run { [records] in
            let path = try records.hold(namespace.value, of: record.id)
            var asked = Attachment(entry.list, container: record.id, namespace: path.string, interface: lease.interface)
            (asked.arguments, asked.wishes) = (wishes.arguments, wishes.capabilities)
            do { return try records.add(asked) } catch { throw Self.failure(entry, error) }
        }
        guard let index = attachments.leases.firstIndex(where: { $0.network == lease.network }) else { return before }
        attachments.leases[index].take(result)
        try wishes.check(attachments.leases[index], entry)
        if !result.lookup.isEmpty {
            attachments.lookups = (attachments.lookups ?? [:]).merging([lease.network: result.lookup]) { $1 }
        }
        try await pass(&attachments, to: attachments.leases[index], monitor)
        let done = attachments
        try await pool.run { [self] in try keep(done, of: record.id) }
        return done
    }

    private static func failure(_ entry: PluginLists.Entry, _ error: any Error) -> EngineError {
        EngineError(
            .failed,
            "failed to set up container networking: network \(entry.list.name) (\(entry.file)): \(error)"
        )
    }

    /// Takes ports of the host, so that nobody else has them; what leads to the container are the plug-ins' rules.
    private func hold(_ wanted: [PortPlan.Wanted], _ record: ContainerRecord, _ monitor: Monitor, _ lease: Lease)
        async throws -> [Attachments.Published]
    {
        // It has no address yet, and this is nobody's: who comes so early is refused.
        var nobody = lease
        nobody.ipv4 = "255.255.255.255"
        let requests = try PortPlan.requests(wanted, to: nobody, standard: "")
        do {
            let taken = try await monitor.publish(requests)
            return PortPlan.published(requests, taken, nobody).map { port in
                var port = port
                port.byPlugins = true
                return port
            }
        } catch {
            throw EngineError(
                .failed,
                "failed to set up container networking: driver failed programming external connectivity on endpoint "
                    + "\(record.plainName) (\(EndpointID.of(record.id, in: lease.network))): \(error)"
            )
        }
    }

    /// What comes to the held ports past the plug-ins' rules, as to `::1`, the monitor passes on.
    private func pass(_ attachments: inout Attachments, to lease: Lease, _ monitor: Monitor) async throws {
        guard attachments.ports.contains(where: \.isByPlugins) else { return }
        for index in attachments.ports.indices {
            let isIPv6 = attachments.ports[index].address.contains(":")
            let target = isIPv6 ? lease.ipv6 ?? lease.ipv4 : lease.ipv4 ?? lease.ipv6
            attachments.ports[index].target = target ?? attachments.ports[index].target
        }
        let requests = attachments.ports.map { port in
            PortRequest(
                kind: port.kind,
                address: port.address,
                ports: port.port...port.port,
                target: port.target,
                targetPort: port.targetPort
            )
        }
        _ = try await monitor.publish(requests)
    }

    /// Gives back what plug-ins gave to a container that has ended.
    func releaseByPlugins(_ container: String) {
        for error in records.release(container) {
            log.error("network not left", metadata: ["container": "\(container)", "error": "\(error)"])
        }
    }

    /// Takes a running container out of such a network.
    func removeByPlugins(_ container: String, _ network: String) async throws {
        try await pool.run { [records] in
            let failures = records.remove(container) { PluginLists.id(of: $0.list.name) == network }
            if let first = failures.first { throw EngineError(.failed, "network not left: \(first)") }
        }
    }

    /// Gives back what containers have that ended without a daemon, and what a daemon was just about to give or take; once, when
    /// one begins. Goes on while it serves: a plug-in whose cluster is away takes all its time.
    func releaseLeftByPlugins() {
        Task {
            let left = await found()
            await withTaskGroup(of: Void.self) { group in
                for (index, id) in left.enumerated() {
                    // They take threads from everybody.
                    if index >= 8 { await group.next() }
                    group.addTask { try? await self.inTurn(id) { await self.releaseLeft(of: id) } }
                }
            }
        }
    }

    /// Whoever has something of plug-ins.
    private func found() async -> [String] {
        (try? await pool.run { [records] in records.all().sorted() }) ?? []
    }

    /// In the container's turn: it may have been started meanwhile.
    private func releaseLeft(of id: String) async {
        let container = try? containers.find(id)
        // Also one that is not loaded (another driver's, or damaged) may run: nobody knows its networks.
        if container == nil, exists(containersFolder.appending(id)) { return }
        var own: Set<String>?
        if let container, await container.phase == .running || service.attachments(of: id) != nil {
            own = Set(await container.record.networkSettings.networks.keys)
        }
        await pool.perform { [self, own] in
            guard let own else { return releaseByPlugins(id) }
            for error in records.remove(id, where: { !own.contains($0.list.name) }) {
                log.error("network not left", metadata: ["container": "\(id)", "error": "\(error)"])
            }
        }
    }
}

extension Lease {
    /// Whether that port leads to it.
    func gives(_ port: Attachments.Published) -> Bool { [ipv4, ipv6].contains(port.target) }

    /// Whether plug-ins make its interface, and not the daemon.
    var isByPlugins: Bool { port.isEmpty }

    /// Whether its plug-ins have not run yet.
    var isExpected: Bool { expects == true }

    /// What the plug-ins say.
    fileprivate mutating func take(_ result: PluginResult) {
        mac = result.mac(of: interface)
        (own, expects) = ([], nil)
        if let found = result.address(ipv6: false, of: interface) {
            (ipv4, bits4) = ("\(found.address)", found.bits)
            gateway4 = result.wayOut(ipv6: false, of: interface).map { "\($0)" }
            own += found.gateway.map { ["\($0)"] } ?? []
        }
        if let found = result.address(ipv6: true, of: interface) {
            (ipv6, bits6) = ("\(found.address)", found.bits)
            gateway6 = result.wayOut(ipv6: true, of: interface).map { "\($0)" }
            own += found.gateway.map { ["\($0)"] } ?? []
        }
    }
}
