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
        let monitor = try await container.running()
        let (record, host) = (await container.record, await container.host)
        let old = service.attachments(of: record.id) ?? Attachments()
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
            } else {
                let namespace = try await namespace(of: monitor)
                try await pool.run { [service] in
                    try service.bridges.plug(lease, settings, isGateway: false, into: namespace.value)
                }
            }
            try await settle(plugged, asked, host, monitor, gatewayLease(old, record))
        } catch {
            try? await takeOut(lease, of: record.id)
            try? await pool.run { [self] in
                try keep(old, of: record.id)
                warnOfNames(record.id) { try service.renewNames(of: network.id) }
            }
            try? await settle(old, record, host, monitor, gatewayLease(new, asked))
            throw error
        }
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
        if lease.isByPlugins { attachments.ports.removeAll { $0.isByPlugins && lease.gives($0) } }
        let left = attachments
        try await takeOut(lease, of: record.id)
        try await pool.run { [self] in
            try keep(left, of: record.id)
            warnOfNames(record.id) { try service.renewNames(of: network.id) }
        }
        try await settle(left, record, host, monitor, before)
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
        _ before: Lease?
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
        if gateway?.network != before?.network { try await leadPorts(named, gateway, record, host, monitor) }
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
