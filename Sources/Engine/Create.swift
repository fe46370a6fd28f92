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
    package func create(_ request: ContainerCreateRequest, name: String?) async throws -> ContainerCreated {
        let image = try await pool.run { [store] in try store.image(named: request.config.image) }
        let config = Merge.config(request.config, with: image.config.config ?? ContainerConfig())
        var host = request.hostConfig
        let warnings = try Validation.check(config, &host)
        let id = randomHex(bytes: 32)
        let chosen = try reserveName(name, for: id)
        do {
            let container = try await make(id, chosen, config, host, image)
            containers.add(container)
            emit("create", await container.record)
            var created = ContainerCreated()
            created.id = id
            created.warnings = warnings
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
        _ image: Image
    ) async throws -> Container {
        var config = config
        if config.hostname.isEmpty {
            config.hostname = host.networkMode == "host" ? Self.hostname : String(id.prefix(12))
        }
        let path = containersFolder.appending(id)
        var record = ContainerRecord(
            id: id,
            name: name,
            created: Timestamp.now.description,
            folder: path,
            config: config,
            image: image.id.description,
            driver: type(of: store.driver).name
        )
        record.networkSettings.networks = [host.networkMode: Endpoint()]
        record.mountPoints = MountPoints.all(host)
        let pending = pendingFolder.appending(id)
        let made = try await onStore { [record, host] store in
            // From here until the end a crash leaves the mark, and the next start removes what there is.
            try writeFile([], to: pending, mode: [.ownerReadWrite])
            try store.createMount(id, image: image.id, options: host.storageOpt ?? [:])
            try ContainerFolder.make(path, record: record, host: host)
            try sys("remove \(pending)") { unlink(pending.string) }
            return ContainerFolder(path: path)
        }
        return Container(RecordFile(made, made: .now, pool), record: record, host: host, phase: .created)
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
        for mount in host.mounts ?? [] {
            var point = MountPoint()
            point.type = mount.type
            point.source = mount.source
            point.destination = mount.target
            point.isWritable = !mount.readOnly
            point.propagation = mount.bindOptions?.propagation ?? ""
            points[mount.target] = point
        }
        return points
    }
}
