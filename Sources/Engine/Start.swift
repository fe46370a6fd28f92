import DockerAPI
import FoundationEssentials
import Glibc
import GraphDrivers
import Launcher
import Linux
import Logging
import OCI
import RuntimeProtocol
import Seccomp
import Storage
import SystemPackage

/// `start`: a bundle, a monitor, and the container's process.
extension Engine {
    /// Starts a container that does not run; returns when its process has begun.
    package func start(_ name: String) async throws {
        let container = try containers.find(name)
        await afterEnding(of: container)
        try await container.beginStart()
        try await run(container)
    }

    /// Starts a container whose start was claimed.
    func run(_ container: Container) async throws {
        let began = ContinuousClock.now
        defer { metrics.took(.start, since: began) }
        var launched: Monitor?
        do {
            // Who connects it meanwhile would change what it is started with.
            let monitor = try await inTurn(container.id) {
                let monitor = try await launch(container)
                launched = monitor
                try await plug(await container.record, await container.host, monitor)
                try await begin(container, monitor)
                return monitor
            }
            let record = await container.record
            tell(ofVolumes: "mount", record)
            emit("start", record)
            watch(container, monitor)
            await renewLinks(to: record.id)
        } catch {
            // It has the container's ports and control groups until it has ended.
            if let launched, (try? await launched.signal(9)) != nil { await awaitEnd(of: container.id) }
            try await failed(container, error)
        }
    }

    /// Waits for what a monitor leaves when all is given back; not for ever.
    private func awaitEnd(of id: String) async {
        let record = settings.execRoot.appending(id).appending("exit.json")
        for _ in 0..<500 where !exists(record) { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// Lets the process go that was set up.
    private func begin(_ container: Container, _ monitor: Monitor) async throws {
        await container.attachEarly(to: monitor)
        try await monitor.start()
        do { try await container.didStart(monitor, at: .now) } catch {
            // It runs; a daemon that comes next finds it by its monitor.
            log.error(
                "record of a started container not written",
                metadata: ["container": "\(container.id)", "error": "\(error)"]
            )
        }
    }

    private func launch(_ container: Container) async throws -> Monitor {
        let host = try checked(containerDefaults.applied(to: await container.host))
        let record = try await showImages(await container.record, host)
        await refreshPluginNetworks(for: record)
        try enterNetworks(record)
        try await attach(record, host)
        let kept = record.seccompProfile.isEmpty ? nil : SeccompChoice(record.seccompProfile)
        let own = kept ?? SecurityOptions(checked: host.securityOpt).seccomp
        let (runtime, shown) = (try foreignRuntime(of: record, host), try await sharingFiles(record, host))
        let filter = runtime == nil ? try await filter(for: host, own) : nil
        var spec = try await spec(shown, host, filter)
        if runtime != nil { spec.linux?.seccomp = try await rules(for: host, own) }
        let bundle = settings.execRoot.appending(record.id)
        var request = try await pool.run { [self, spec, remapping = remapping(host)] in
            try Self.makeBindSources(host, for: remapping)
            for point in record.volumes { try volumes.devices.take(point.name, for: record.id) }
            try labelMounts(shown, host)
            try makeFolders(bundle, mode: FilePermissions(rawValue: 0o711))
            let config = Array(try JSONEncoder().encode(spec))
            try writeFile(config, to: bundle.appending("config.json"), mode: [.ownerReadWrite])
            if let program = filter?.instructions {
                try writeFile(program, to: bundle.appending("seccomp"), mode: [.ownerReadWrite])
            }
            let log = try LogTarget(record, host)
            if let log, log.format == .local {
                let folder = FilePath(log.path).removingLastComponent()
                try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
            }
            return LaunchRequest(
                id: record.id,
                bundle: bundle,
                rootfs: Rootfs(try store.open(record.id)),
                openStdin: record.config.openStdin,
                stdinOnce: record.config.stdinOnce,
                log: log
            )
        }
        request.runtime = runtime
        return try await launcher.launch(request)
    }

    /// Its limits once more, since it may come from another host, kernel or engine.
    private func checked(_ host: HostConfig) throws -> HostConfig {
        var host = host
        _ = try ResourceChecks.check(&host, support, processors: Host.processors)
        return host
    }

    private func spec(_ record: ContainerRecord, _ host: HostConfig, _ filter: SeccompProgram?) async throws
        -> RuntimeSpec
    {
        var spec = Spec.make(
            record,
            host,
            joined: try await joinedNamespaces(host),
            initProgram: try Self.initProgram(for: host)
        )
        // They look at the host's files, which may lie on a server that does not answer.
        let (nodes, resources, mounts, profile) = try await pool.run { [standard = containerDefaults.lxcfs] in
            let devices = try HostDevices.all(host)
            let mounts = try Lxcfs.mounts(host, standard: standard)
            let resources = try SpecResources.make(host, devices.rules)
            return (devices.nodes, resources, mounts, try AppArmor.prepare(host))
        }
        spec.mounts? += mounts
        spec.process?.env = Spec.environment(record, links: await linkVariables(record, host))
        spec.process?.apparmorProfile = profile
        spec.process?.selinuxLabel = processLabel(record, host)
        spec.linux?.mountLabel = mountLabel(record)
        spec.linux?.devices = nodes
        spec.linux?.resources = resources
        if let remapping = remapping(host) {
            spec.remap(remapping, joined: try await joinedUsers(host), showing: ownFolders(record))
        }
        spec.annotations?[Spec.Annotation.seccomp] = filter.map { "\($0.flags)" }
        return spec
    }

    /// The record with the places where images that it mounts are shown.
    private func showImages(_ record: ContainerRecord, _ host: HostConfig) async throws -> ContainerRecord {
        if host.imageMounts.isEmpty { return record }
        var record = record
        let places = try await onStore { [self, record] _ in try openImages(host, of: record) }
        for (destination, place) in places { record.mountPoints?[destination]?.source = place.string }
        return record
    }

    /// `-v` makes a missing folder of the host, as Docker does; `--mount` only where it says so.
    private static func makeBindSources(_ host: HostConfig, for remapping: Remapping?) throws {
        let asked = (host.mounts ?? []).filter { $0.bindOptions?.createMountpoint ?? false }.map(\.source)
        let sources = (host.binds ?? []).compactMap { Bind($0)?.source } + asked
        for source in sources.map({ FilePath($0) }) where !exists(source) {
            try makeFolders(source, mode: FilePermissions(rawValue: 0o755))
            guard let root = remapping?.root else { continue }
            try sys("set the owner of \(source)") { lchown(source.string, root.user, root.group) }
        }
    }

    /// Docker's init is Debian's `tini-static`, under its own name where Docker is installed; nil where none is wanted.
    static func initProgram(for host: HostConfig) throws -> String? {
        // With the pids of others it would not be the first process, and collect nothing.
        guard host.initProcess == true, host.pidMode.isEmpty || host.pidMode == "private" else { return nil }
        guard let program = Command.find("docker-init") ?? Command.find("tini-static") else {
            throw EngineError(.invalid, "--init needs a small init on this host: apt install tini")
        }
        return program.string
    }

    /// In another's network a container has the other's names, too.
    private func sharingFiles(_ record: ContainerRecord, _ host: HostConfig) async throws -> ContainerRecord {
        guard host.networkMode.hasPrefix("container:") else { return record }
        var mode = host.networkMode
        var other = record
        // Nobody can be in a circle: each was there before the next.
        while mode.hasPrefix("container:") {
            let next = try containers.find(String(mode.dropFirst("container:".count)))
            (other, mode) = (await next.record, await next.host.networkMode)
            if other.id == record.id { break }
        }
        var record = record
        (record.hostsPath, record.hostnamePath) = (other.hostsPath, other.hostnamePath)
        record.resolvConfPath = other.resolvConfPath
        if host.utsMode != "host" { record.config.hostname = other.config.hostname }
        return record
    }

    private func joinedNamespaces(_ host: HostConfig) async throws -> [String: String] {
        var joined: [String: String] = [:]
        for (type, file, mode) in [
            ("network", "net", host.networkMode), ("pid", "pid", host.pidMode), ("ipc", "ipc", host.ipcMode),
        ]
        where mode.hasPrefix("container:") {
            let other = try containers.find(String(mode.dropFirst("container:".count)))
            guard let monitor = try? await other.running() else {
                throw EngineError(.conflict, "cannot join \(type) namespace of a non running container: \(other.id)")
            }
            if type == "ipc" {
                let mode = await other.host.ipcMode
                guard ["shareable", "host"].contains(mode) || mode.hasPrefix("container:") else {
                    let reason = "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
                    throw EngineError(.invalid, "container \(other.id): \(reason)")
                }
            }
            joined[type] = "/proc/\(monitor.pid)/ns/\(file)"
        }
        return joined
    }

    /// Leaves the container as if it had not been tried, with the reason in its state, and tells why.
    private func failed(_ container: Container, _ error: any Error) async throws -> Never {
        let code = (error as? LaunchError)?.exitCode ?? 128
        await release(await container.record)
        tell(of: container.id, leaving: networks.leaveAll(container.id))
        let isAutoRemoved = await container.isRemovedAtEnd
        // The start error matters to the caller, not that its record could not be written.
        try? await container.didFailToStart("\(error)", exitCode: code)
        if isAutoRemoved { try? await removeEnded(container) }
        if let error = error as? LaunchError {
            let kind: EngineError.Kind = error.exitCode == 126 || error.exitCode == 127 ? .invalid : .failed
            throw EngineError(
                kind,
                "failed to create task for container: failed to start container: \(error.description): unknown"
            )
        }
        throw error
    }

    /// Lets the driver's layer, what is mounted for volumes, and the exec root's folder go.
    func release(_ record: ContainerRecord, pluginsLater: Bool = false) async {
        await leaveNetworks(record, pluginsLater: pluginsLater)
        // Nothing here can fail in a way that somebody could act on.
        try? await pool.run { [self] in
            store.close(record.id)
            do { try closeImages(of: record.id) } catch {
                log.error("image not unmounted", metadata: ["container": "\(record.id)", "error": "\(error)"])
            }
            for point in record.volumes {
                do { try volumes.devices.drop(point.name, for: record.id) } catch {
                    log.error("volume not unmounted", metadata: ["volume": "\(point.name)", "error": "\(error)"])
                }
            }
            launcher.forget(record.id)
        }
    }

    /// Takes note of the container's end, whenever it comes.
    func watch(_ container: Container, _ monitor: Monitor) {
        checkHealth(of: container, monitor)
        Task {
            for await _ in monitor.kills { await noteKill(in: container) }
            let exit = await monitor.exited()
            await ended(container, exit)
        }
    }

    /// With `isOld` while no daemon ran: if it is to start again, that is when others do, in their order.
    func ended(_ container: Container, _ exit: ExitRecord, isOld: Bool = false) async {
        let record = await container.record
        // In this order a kill at any point loses no exit code: the monitor's record goes when ours has it. And a
        // container that may be started again has nothing left in the exec root.
        do { try await container.noteExit(exit) } catch {
            log.error(
                "record of an ended container not written",
                metadata: ["container": "\(container.id)", "error": "\(error)"]
            )
        }
        // Before it can be started again; and told of after its end.
        let left = networks.leaveAll(container.id)
        await release(record, pluginsLater: isOld)
        if let pause = await container.planRestart() {
            tellOfEnd(record, exit, leaving: left)
            return isOld ? () : restartLater(container, after: pause)
        }
        // Before those go on who wait for the end, and tell of what they did.
        await container.didExit { [self] in tellOfEnd(record, exit, leaving: left) }
        guard await container.isRemovedAtEnd else { return }
        do { try await removeEnded(container) } catch {
            log.error("container not removed", metadata: ["container": "\(container.id)", "error": "\(error)"])
        }
    }
}

extension Rootfs {
    init(_ view: LayerView) {
        switch view {
        case .folder(let path): self = .folder(path)
        case .mounts(let mounts): self = .mounts(mounts)
        }
    }
}
