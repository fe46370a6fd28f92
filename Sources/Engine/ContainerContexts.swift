import DockerAPI
import Glibc
import GraphDrivers
import Linux
import OCI
import Storage
import SystemPackage

/// What containers have of SELinux: as dockerd's.
extension Engine {
    /// The contexts of a container that is being made, and its options with what its namespaces mean for them.
    func takeLabels(_ host: HostConfig, for id: String) async throws -> (ContainerLabels, HostConfig) {
        guard let selinux else { return (ContainerLabels(), host) }
        var host = host
        if SecurityOptions(checked: host.securityOpt).labels.isEmpty {
            let more = try await impliedLabels(host).map { "label=\($0)" }
            if !more.isEmpty { host.securityOpt = (host.securityOpt ?? []) + more }
        }
        let options = SecurityOptions(checked: host.securityOpt).labels
        return (try selinux.take(options, for: id), host)
    }

    /// Who has the host's processes or IPC has no context, who has another container's has that one's.
    private func impliedLabels(_ host: HostConfig) async throws -> [String] {
        if host.privileged || host.ipcMode == "host" || host.pidMode == "host" { return ["disable"] }
        var found: [[String]] = []
        for mode in [host.ipcMode, host.pidMode] where mode.hasPrefix("container:") {
            let other = await (try containers.find(String(mode.dropFirst("container:".count)))).record
            found.append(other.processLabel.isEmpty ? [] : try SecurityContext(other.processLabel).options)
        }
        guard found.count < 2 || found[0] == found[1] else {
            throw EngineError(.conflict, "--ipc and --pid containers SELinux labels aren't the same")
        }
        return found.first ?? []
    }

    /// Makes the container's layers.
    func makeLayers(_ record: ContainerRecord, _ image: Image, _ host: HostConfig) throws {
        try store.createMount(record.id, image: image.id, options: host.storageOpt ?? [:])
        try label(record, isNew: true)
        try takeImages(host, for: record.id)
    }

    /// Has the container's tree shown with its files' context. A folder or a disk can't be: there, once, every file gets it.
    func label(_ record: ContainerRecord, isNew: Bool) throws {
        guard let selinux, !record.mountLabel.isEmpty else { return }
        store.setContext(record.mountLabel, of: record.id)
        guard isNew else { return selinux.reserve(record.processLabel, for: record.id) }
        let view = try store.open(record.id)
        defer { store.close(record.id) }
        if view.shows(record.mountLabel) { return }
        try store.withRoot(of: record.id) { try Relabelling.relabel($0, as: record.mountLabel) }
    }

    /// Gives what is mounted into the container from the host the context that the user wants it to have.
    func labelMounts(_ record: ContainerRecord, _ host: HostConfig) throws {
        guard selinux != nil, !record.mountLabel.isEmpty else { return }
        let isShared = host.networkMode.hasPrefix("container:")
        let own = try Relabelling.context(record.mountLabel, isShared: isShared)
        for path in [record.hostsPath, record.hostnamePath, record.resolvConfPath] where exists(FilePath(path)) {
            try Relabelling.relabel(FilePath(path), as: own)
        }
        for point in (record.mountPoints ?? [:]).values {
            guard let isShared = point.sharesContext, let path = realpath(point.source, nil) else { continue }
            defer { free(path) }
            let place = FilePath(platformString: path)
            try Relabelling.check(place, home: getenv("HOME").map { String(cString: $0) })
            try Relabelling.relabel(place, as: Relabelling.context(record.mountLabel, isShared: isShared))
        }
    }

    /// The context of the container's processes; nil: none.
    func processLabel(_ record: ContainerRecord, _ host: HostConfig) -> String? {
        selinux == nil || host.privileged || record.processLabel.isEmpty ? nil : record.processLabel
    }

    /// The context of the container's files; nil: they have their own.
    func mountLabel(_ record: ContainerRecord) -> String? {
        selinux == nil || record.mountLabel.isEmpty ? nil : record.mountLabel
    }

    /// What the user should know of options that change nothing.
    func labelWarnings(_ host: HostConfig) -> [String] {
        let options = SecurityOptions(checked: host.securityOpt).labels
        guard selinux == nil, options.contains(where: { $0 != "disable" }) else { return [] }
        let isOff = "this kernel has no SELinux, or it is off"
        let why = SELinux.isOn ? "the daemon runs without --selinux-enabled" : isOff
        return ["--security-opt label is without effect: \(why)"]
    }
}

extension LayerView {
    /// Whether all its files have that context by how they are mounted.
    func shows(_ context: String) -> Bool {
        guard case .mounts(let mounts) = self else { return false }
        return mounts.allSatisfy { $0.options.contains("context=\(context)") }
    }
}

extension MountPoint {
    /// Whether its files get the context of all containers, or of the one alone; nil: they keep theirs. As dockerd's, volumes
    /// are for all if nobody says otherwise.
    var sharesContext: Bool? {
        let words = mode.split(separator: ",")
        if words.contains("Z") { return false }
        return words.contains("z") || type == "volume" ? true : nil
    }
}
