package import DockerAPI
import Linux
import Logging

/// `volume`: what containers keep beyond their lives.
extension Engine {
    /// Makes a volume, or gives the one that has the name.
    package func createVolume(_ request: VolumeCreateRequest) async throws -> Volume {
        try Validation.checkDriver(request.driver)
        var labels = request.labels
        let name = request.name.isEmpty ? randomHex(bytes: 32) : request.name
        if request.name.isEmpty { labels = (labels ?? [:]).merging([VolumeStore.anonymous: ""]) { $1 } }
        let isNew = try await pool.run { [volumes, labels] in
            try volumes.create(name, labels: labels, options: request.driverOpts)
        }
        if isNew { events.emit("volume", "create", id: name, attributes: ["driver": "local"]) }
        return try await volume(name)
    }

    package func volume(_ name: String) async throws -> Volume {
        try await pool.run { [volumes] in try volumes.volume(name) }
    }

    /// All that match the filters `dangling`, `driver`, `label` and `name`.
    package func volumes(filters: [String: [String]]) async throws -> [Volume] {
        let all = try await pool.run { [volumes] in try volumes.all() }
        let dangling = try filters.boolean("dangling")
        return all.filter { volume in
            (dangling.map { volumes.users(of: volume.name).isEmpty == $0 } ?? true)
                && (filters["driver"]?.contains(volume.driver) ?? true)
                && (filters["name"]?.contains { volume.name.contains($0) } ?? true)
                && (filters["label"] ?? []).allSatisfy { Label.matches($0, volume.labels ?? [:]) }
                && !(filters["label!"] ?? []).contains { Label.matches($0, volume.labels ?? [:]) }
        }
    }

    /// With `force` it is no error that there is none.
    package func removeVolume(_ name: String, force: Bool) async throws {
        do { try await pool.run { [volumes] in try volumes.remove(name) } } catch let error as EngineError
            where force && error.kind == .notFound
        { return }
        events.emit("volume", "destroy", id: name, attributes: ["driver": "local"])
    }

    /// Removes volumes that no container has, those that somebody named only if `all`; returns their names and sizes.
    package func pruneVolumes(all: Bool, filters: [String: [String]]) async throws -> [(name: String, size: Int64)] {
        var removed: [(name: String, size: Int64)] = []
        for volume in try await volumes(filters: filters.merging(["dangling": ["1"]]) { $1 })
        where all || volume.labels?[VolumeStore.anonymous] != nil {
            let size = (try? await pool.run { [volumes] in try volumes.size(of: volume.name) }) ?? 0
            // Somebody may have taken it meanwhile.
            guard (try? await removeVolume(volume.name, force: false)) != nil else { continue }
            removed.append((volume.name, max(0, size)))
        }
        let bytes = removed.reduce(0) { $0 + $1.size }
        events.emit("volume", "prune", id: "", attributes: ["reclaimed": "\(bytes)"])
        return removed
    }

    /// All with what they take.
    package func volumeUsage() async throws -> [Volume] {
        try await pool.run { [volumes] in
            try volumes.all().map { volume in
                var volume = volume
                let size = (try? volumes.size(of: volume.name)) ?? -1
                volume.usageData = VolumeUsage(size: size, refCount: volumes.users(of: volume.name).count)
                return volume
            }
        }
    }

    /// Removes what a container had that nobody named, unless another container has it too.
    func removeAnonymous(_ record: ContainerRecord) async {
        for point in record.volumes {
            guard let labels = try? await volume(point.name).labels, labels[VolumeStore.anonymous] != nil else {
                continue
            }
            do { try await removeVolume(point.name, force: true) } catch let error as EngineError
                where error.kind == .conflict
            {} catch { log.warning("volume not removed", metadata: ["volume": "\(point.name)", "error": "\(error)"]) }
        }
    }
}
