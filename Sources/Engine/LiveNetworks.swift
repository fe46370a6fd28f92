import DockerAPI
import Launcher
import Linux
import Logging
import Networking
import OCI
import SystemPackage

/// Containers that run and come into a network, or leave one; each in its container's turn (`inTurn`).
extension Engine {
    /// Plugs a running container into one more network; all of it, or nothing.
    func plugIn(_ container: Container, _ network: Network, _ place: Endpoint) async throws {
        guard network.driver == "bridge" || network.isByPlugins else { return }
        let (monitor, record) = (try await container.running(), await container.record)
        let (host, old) = (await container.host, service.attachments(of: record.id) ?? Attachments())
        var planned = record
        planned.networkSettings.networks[network.name] = place
        let asked = planned
        let settings = try place.driverOptions?[NetworkPlan.Key.settings].map(EndpointSettings.parse) ?? [:]
        let new = try await pool.run { [self] in
            var new = old
            try lease(network, place, asked, &new)
            return new
        }
        guard let lease = new.leases.last else { return }
        do {
            try await pool.run { [self] in try keep(new, of: record.id) }
            var plugged = new
            if lease.isByPlugins {
                let publishes = new.ports.isEmpty && gatewayLease(new, asked) == lease
                plugged = try await add(lease, asked, host, monitor, new, publishes: publishes)
                // It is made anew where this is to be the way out.
                if let last = plugged.leases.last { try await closeWayOut(last, monitor) }
                try checkWayOut(plugged, asked, network)
            } else {
                let namespace = try await namespace(of: monitor)
                try await pool.run { [service] in
                    try service.bridges.plug(lease, settings, isGateway: false, into: namespace.value)
                }
            }
            try await settle(plugged, asked, host, monitor, gatewayLease(old, record))
        } catch {
            await withdraw(lease, of: record.id, monitor, old)
            try? await pool.run { [self] in
                try keep(old, of: record.id)
                warnOfNames(record.id) { try service.renewNames(of: network.id) }
            }
            try? await settle(old, record, host, monitor, gatewayLease(new, asked))
            throw error
        }
    }

    /// What was begun of one more network.
    private func withdraw(_ lease: Lease, of id: String, _ monitor: Monitor, _ old: Attachments) async {
        try? await takeOut(lease, of: id)
        // What was held for its plug-ins.
        if lease.isByPlugins, old.ports.isEmpty { _ = try? await monitor.publish([]) }
    }

    /// Refuses a way out by plug-ins where ports are led another way: these plug-ins have not heard of them, and they would lead
    /// nowhere.
    private func checkWayOut(_ attachments: Attachments, _ record: ContainerRecord, _ network: Network) throws {
        guard attachments.ports.contains(where: { !$0.isByPlugins }),
            gatewayLease(attachments, record)?.network == network.id
        else { return }
        throw EngineError(
            .forbidden,
            "network \(network.name) would become the way out of container \(record.plainName), and its plug-ins can't take over "
                + "ports that are published already: connect it with a lower --gw-priority, or stop the container before"
        )
    }

    /// Takes a running container out of a network.
    func unplug(_ container: Container, _ network: Network) async throws {
        guard var attachments = service.attachments(of: container.id),
            let index = attachments.leases.firstIndex(where: { $0.network == network.id })
        else { return }
        let monitor = try await container.running()
        let (record, host) = (await container.record, await container.host)
        let before = gatewayLease(attachments, record)
        let lease = attachments.leases.remove(at: index)
        attachments.names[network.id] = nil
        attachments.lookups?[network.id] = nil
        // Their rules went with it.
        let lost = attachments.ports.filter { lease.isByPlugins && $0.isByPlugins && lease.gives($0) }
        attachments.ports.removeAll(where: lost.contains)
        let left = attachments
        try await takeOut(lease, of: record.id)
        try await pool.run { [self] in
            try keep(left, of: record.id)
            warnOfNames(record.id) { try service.renewNames(of: network.id) }
        }
        // One that plug-ins lead is never beside others.
        if !lost.isEmpty { _ = try await monitor.publish([]) }
        try await settle(left, record, host, monitor, before, leadsAnew: !lost.isEmpty)
    }

    /// Takes the interface away.
    private func takeOut(_ lease: Lease, of id: String) async throws {
        if lease.isByPlugins { return try await removeByPlugins(id, lease.network) }
        try await pool.run { [service] in try service.bridges.giveBack(lease) }
    }

    /// The network of a container that runs: its first process's number can't be somebody else's by then.
    func namespace(of monitor: Monitor) async throws -> HeldNamespace {
        let held = try await pool.run { HeldNamespace(value: try NetworkNamespace(of: monitor.pid)) }
        try await monitor.signal(0)
        return held
    }

    /// Notes what a container has, here and for a daemon to come.
    func keep(_ attachments: Attachments, of id: String) throws {
        service.set(attachments, of: id)
        try attachments.save(in: settings.execRoot.appending(id))
    }

    /// What follows from another network: names, files, the way out, and where ports lead.
    private func settle(
        _ attachments: Attachments,
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ monitor: Monitor,
        _ before: Lease?,
        leadsAnew: Bool = false
    ) async throws {
        let gateway = gatewayLease(attachments, record)
        let effective = containerDefaults.applied(to: host)
        let namespace = try await namespace(of: monitor)
        let named = try await pool.run { [self] in
            var named = attachments
            named.isNameless = !renewNames(of: attachments, record.id)
            try keep(named, of: record.id)
            try writeFiles(record, effective, named, isRunning: true)
            return named
        }
        try await pool.run {
            guard gateway?.network != before?.network else { return }
            let (old, new) = (before?.gateways ?? [], gateway?.gateways ?? [])
            try Cable.changeGateways(from: old, to: new, of: namespace.value)
        }
        if leadsAnew || gateway?.network != before?.network {
            try await leadPorts(named, gateway, record, host, monitor)
        }
    }

    /// Leads the container's ports to where it is now.
    private func leadPorts(
        _ attachments: Attachments,
        _ gateway: Lease?,
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ monitor: Monitor
    ) async throws {
        var attachments = attachments
        let wanted = try PortPlan.wanted(host, exposed: record.config.exposedPorts)
        guard !attachments.ports.isEmpty || gateway != nil && !wanted.isEmpty else { return }
        // Plug-ins lead them to where they are, or can't lead them anywhere else.
        if attachments.ports.contains(where: \.isByPlugins) { return }
        let gateway = gateway.flatMap { $0.isByPlugins ? nil : $0 }
        attachments.ports = []
        do {
            if let gateway {
                attachments.ports = try await publish(wanted, gateway, record, monitor)
            } else {
                _ = try await monitor.publish([])
                try await pool.run { [service] in try service.bridges.publish([], of: record.id) }
            }
        } catch {
            // The monitor has let go of those before, too.
            let none = attachments
            try? await pool.run { [self] in
                try? service.bridges.publish([], of: record.id)
                try keep(none, of: record.id)
            }
            throw error
        }
        let done = attachments
        try await pool.run { [self] in try keep(done, of: record.id) }
    }

    /// Whether others find it by its names now.
    func renewNames(of attachments: Attachments, _ container: String) -> Bool {
        var works = false
        warnOfNames(container) {
            for id in attachments.names.keys { try service.renewNames(of: id) }
            works = true
        }
        return works
    }

    /// Names are worth having, but no reason not to run.
    func warnOfNames(_ container: String, _ body: () throws -> Void) {
        do { try body() } catch { log.warning("\(error)", metadata: ["container": "\(container)"]) }
    }

    /// Others in its networks find a running container by its new name.
    func renameInNetworks(_ container: Container) async {
        try? await inTurn(container.id) {
            let record = await container.record
            guard var attachments = service.attachments(of: record.id), !attachments.names.isEmpty else { return }
            for (name, place) in record.networkSettings.networks {
                guard let network = try? networks.find(name), attachments.names[network.id] != nil else { continue }
                attachments.names[network.id] = Self.names(of: record, place, in: network.name)
            }
            let renamed = attachments
            await pool.perform { [self] in
                warnOfNames(record.id) {
                    try keep(renamed, of: record.id)
                    for id in renamed.names.keys { try service.renewNames(of: id) }
                }
            }
        }
    }
}

/// A container's network, held open across calls.
final class HeldNamespace: Sendable {
    let value: NetworkNamespace

    init(value: consuming NetworkNamespace) { self.value = value }
}
