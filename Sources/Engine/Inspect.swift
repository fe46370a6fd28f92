package import DockerAPI
import GraphDrivers
import Hashing
import OCI
import Storage

/// `inspect` of a container.
extension Engine {
    package func inspect(_ name: String, size: Bool) async throws -> ContainerInspect {
        let container = try containers.find(name)
        let record = await container.record
        var driver = GraphDriverData()
        driver.name = record.driver
        driver.data = try await onStore { $0.metadata(of: record.id) }
        var networks = record.networkSettings
        networks.networks = shownNetworks(record)
        networks.take(service.attachments(of: record.id), record)
        var shown = ContainerInspect(
            state: await container.shownState,
            hostConfig: await container.shownHost,
            graphDriver: driver,
            config: record.config,
            networkSettings: networks
        )
        describe(record, &shown)
        let execs = execs.ids(of: record.id)
        shown.execIDs = execs.isEmpty ? nil : execs
        if size { (shown.sizeRw, shown.sizeRootFs) = try await sizes(of: record) }
        return shown
    }

    private func describe(_ record: ContainerRecord, _ shown: inout ContainerInspect) {
        shown.id = record.id
        shown.created = record.created
        shown.path = record.path
        shown.args = record.args
        shown.image = record.image
        shown.resolvConfPath = record.resolvConfPath
        shown.hostnamePath = record.hostnamePath
        shown.hostsPath = record.hostsPath
        shown.logPath = ["", "json-file"].contains(shown.hostConfig.logConfig?.type ?? "") ? record.logPath : ""
        shown.name = record.name
        shown.restartCount = record.restartCount
        shown.driver = record.driver
        shown.platform = "linux"
        shown.mounts = record.shownMounts
        (shown.processLabel, shown.mountLabel) = (record.processLabel, record.mountLabel)
        shown.appArmorProfile =
            record.hasBeenStartedBefore ? AppArmor.profile(for: shown.hostConfig) ?? "" : record.appArmorProfile
    }

    /// What the container wrote, and that with its image, in bytes; nil where it can't be told.
    func sizes(of record: ContainerRecord) async throws -> (own: Int64?, all: Int64?) {
        try await onStore { store in
            guard let own = try? store.size(of: record.id) else { return (nil, nil) }
            return (own, own + ((try? store.image(named: record.image).size) ?? 0))
        }
    }
}

extension NetworkSettings {
    /// What it has at this moment; the fields without a network are those of the default one.
    fileprivate mutating func take(_ attachments: Attachments?, _ record: ContainerRecord) {
        (sandboxID, sandboxKey) = ("", "")
        ports = [:]
        guard record.state.running, record.state.pid > 0 else { return }
        sandboxKey = "/proc/\(record.state.pid)/ns/net"
        sandboxID = Digest.of(sandboxKey.utf8).hex
        ports = (attachments ?? Attachments()).shownPorts(record.config.exposedPorts)
        guard let standard = networks["bridge"] else { return }
        (ipAddress, ipPrefixLen, gateway) = (standard.ipAddress, standard.ipPrefixLen, standard.gateway)
        (macAddress, endpointID) = (standard.macAddress, standard.endpointID)
        (globalIPv6Address, globalIPv6PrefixLen) = (standard.globalIPv6Address, standard.globalIPv6PrefixLen)
        ipv6Gateway = standard.ipv6Gateway
    }
}

extension Container {
    /// The host configuration with what stands for an empty runtime.
    fileprivate var shownHost: HostConfig {
        var host = host
        if host.runtime.isEmpty { host.runtime = Runtimes.own }
        return host
    }

    /// The state as it is at this moment, not as it was last written down.
    var shownState: ContainerState {
        var state = record.state
        state.removalInProgress = phase == .removing
        if phase == .removing { state.status = "removing" }
        return state
    }
}
