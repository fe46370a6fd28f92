package import DockerAPI
import Glibc
import GraphDrivers
import Linux
import OCI
import Storage
import SystemPackage

/// `create`: a record and a writable layer.
extension Engine {
    /// Makes a container; nothing of it runs yet. Returns its ID, and what the user should know.
    ///
    /// `platform` is what the image must be for, as `linux/arm64`; nil: what it is for is only warned of. With
    /// `isReadOnlyShallow`, what is mounted below a read-only bind mount stays as it is.
    package func create(
        _ request: ContainerCreateRequest,
        name: String?,
        platform: String? = nil,
        isReadOnlyShallow: Bool = false
    ) async throws -> ContainerCreated {
        let began = ContinuousClock.now
        defer { metrics.took(.create, since: began) }
        let image = try await pool.run { [store] in try store.image(named: request.config.image) }
        let wanted = try ImagePlatform.parse(platform)
        if let wanted { try ImagePlatform.check(image.config, request.config.image, isFor: wanted) }
        let foreign = wanted == nil ? ImagePlatform.warnings(image.config) : []
        var config = Merge.config(request.config, with: image.config.config ?? ContainerConfig())
        var host = request.hostConfig
        if host.cgroupParent.isEmpty { host.cgroupParent = settings.cgroupParent }
        host.logConfig = LogOptions.merged(host.logConfig, settings.logConfig)
        var warnings = try Validation.check(config, &host, containerDefaults)
        try Validation.check(host, settings.remapping)
        try chooseRuntime(&host)
        warnings += try ResourceChecks.check(&host, support, processors: Host.processors)
        // Made now, since it can be refused, and so that the start need not wait for it.
        _ = try await filter(for: host, SecurityOptions(checked: host.securityOpt).seccomp)
        let places = try endpoints(request.networking.endpoints, host, mac: request.macAddress)
        let id = randomHex(bytes: 32)
        config.hostname = Self.hostname(of: id, config, host)
        let chosen = try reserveName(name, for: id)
        do {
            let container = try await make(id, chosen, config, host, places, image, isReadOnlyShallow)
            containers.add(container)
            emit("create", await container.record)
            var created = ContainerCreated()
            created.id = id
            created.warnings = foreign + warnings + labelWarnings(host)
            return created
        } catch {
            await discard(id)
            containers.forget(id)
            throw error
        }
    }

    private func make(
        _ id: String,
        _ name: String,
        _ config: ContainerConfig,
        _ host: HostConfig,
        _ places: [String: Endpoint],
        _ image: Image,
        _ isReadOnlyShallow: Bool
    ) async throws -> Container {
        let (labels, host) = try await takeLabels(host, for: id)
        let path = containersFolder.appending(id)
        var record = ContainerRecord(
            id: id,
            name: name,
            created: Timestamp.now.description,
            folder: path,
            config: config,
            image: image.id.description,
            driver: store.driver.name
        )
        record.networkSettings.networks = places
        record.take(SecurityOptions(checked: host.securityOpt), containerDefaults, labels)
        let (points, mounts) = try await mounts(of: id, config, host, isReadOnlyShallow)
        record.mountPoints = points
        let pending = pendingFolder.appending(id)
        let began = ContinuousClock.now
        let made = try await onStore { [self, record, host] store in
            var record = record
            // From here until the end a crash leaves the mark, and the next start removes what there is.
            try writeFile([], to: pending, mode: [.ownerReadWrite])
            try makeLayers(record, image, host)
            record.mountPoints?.merge(try takeVolumes(mounts, for: id)) { $1 }
            try ContainerFolder.make(path, record: record, host: host, standard: containerDefaults)
            // By then the store has ceased to doubt the container, or is about to.
            if began.duration(to: .now) > .seconds(20) { try syncFileSystem(of: path) }
            try sys("remove \(pending)") { unlink(pending.string) }
            return (ContainerFolder(path: path), record)
        }
        return Container(RecordFile(made.0, made: began, pool), record: made.1, host: host, phase: .created)
    }

    /// What is mounted where but for volumes of its own, and those.
    private func mounts(
        of id: String,
        _ config: ContainerConfig,
        _ host: HostConfig,
        _ isReadOnlyShallow: Bool
    ) async throws -> ([String: MountPoint], [VolumeMount]) {
        let asked = VolumeMount.asked(host)
        var points = MountPoints.all(host)
        if isReadOnlyShallow { for key in points.keys { points[key]?.isReadOnlyShallow = true } }
        let taken = Set(points.keys).union(asked.map(\.destination)).union((host.tmpfs ?? [:]).keys)
        for point in try await volumesFrom(host.volumesFrom ?? [], without: taken) {
            points[point.destination] = point
            if point.type == "volume" { volumes.note(id, has: point.name) }
        }
        return (points, asked + VolumeMount.implied(by: config, without: taken.union(points.keys)))
    }

    private func reserveName(_ name: String?, for id: String) throws -> String {
        if let name, !name.isEmpty {
            let plain = name.hasPrefix("/") ? String(name.dropFirst()) : name
            guard Names.isValid(plain) else { throw EngineError.badName(name) }
            try containers.reserve(plain, for: id)
            return plain
        }
        for attempt in 0..<1000 {
            let candidate = Names.random(attempt: attempt)
            if (try? containers.reserve(candidate, for: id)) != nil { return candidate }
        }
        throw EngineError(.failed, "no free name was found for the container: give it one with --name")
    }

    private static func hostname(of id: String, _ config: ContainerConfig, _ host: HostConfig) -> String {
        if !config.hostname.isEmpty { return config.hostname }
        return host.networkMode == "host" ? hostname : String(id.prefix(12))
    }

    private static var hostname: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// What inspect shows of the mounts that a user asked for.
enum MountPoints {
    static func all(_ host: HostConfig) -> [String: MountPoint] {
        var points: [String: MountPoint] = [:]
        for bind in (host.binds ?? []).compactMap(Bind.init) {
            var point = MountPoint()
            point.type = "bind"
            point.source = bind.source
            point.destination = bind.destination
            point.mode = bind.mode
            point.isWritable = !bind.isReadOnly
            point.propagation = bind.propagation
            points[bind.destination] = point
        }
        for mount in host.mounts ?? [] where mount.type != "volume" {
            var point = MountPoint()
            point.type = mount.type
            if mount.type == "image" { point.name = mount.source } else { point.source = mount.source }
            point.destination = mount.target
            point.isWritable = !mount.readOnly && mount.type != "image"
            point.propagation = mount.bindOptions?.propagation ?? ""
            point.isReadOnlyShallow = mount.bindOptions?.readOnlyNonRecursive ?? false
            points[mount.target] = point
        }
        return points
    }
}
