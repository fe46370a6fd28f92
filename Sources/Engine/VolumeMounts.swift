import Archive
import DockerAPI
import Linux
import OCI
import Storage
import SystemPackage

/// A volume that a container shall have.
struct VolumeMount {
    var destination: String
    /// Nil: one of its own, without a name.
    var name: String?
    var isReadOnly = false
    /// As the user wrote it.
    var mode = ""
    /// Whether an empty volume gets what the image has there.
    var copies = true
    /// The part of the volume that is mounted; empty: all of it.
    var subpath = ""
    var labels: [String: String] = [:]
    /// The volume driver's.
    var options: [String: String] = [:]
}

extension VolumeMount {
    /// `name:/destination[:mode]` or `/destination`; nil where it is a bind mount, or of no such form.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let (name, destination) = parts.count == 1 ? (nil, parts[0]) : (parts[0], parts[1])
        guard parts.count <= 3, destination.hasPrefix("/"), name.map({ !$0.hasPrefix("/") && !$0.isEmpty }) ?? true
        else {
            return nil
        }
        self.init(destination: Destination.plain(destination), name: name)
        guard parts.count == 3 else { return }
        mode = parts[2]
        if Set(mode.split(separator: ",")).isSuperset(of: ["z", "Z"]) { return nil }
        for word in mode.split(separator: ",") {
            switch word {
            case "ro": isReadOnly = true
            case "nocopy": copies = false
            case "rw", "z", "Z", "volume-nocopy", "consistent", "cached", "delegated": break
            default: return nil
            }
        }
    }

    /// Of `--mount type=volume`.
    init(_ request: MountRequest) {
        self.init(destination: request.target, name: request.source.isEmpty ? nil : request.source)
        isReadOnly = request.readOnly
        subpath = request.volumeOptions?.subpath ?? ""
        // Who wants a part of a volume knows what is in it.
        copies = !(request.volumeOptions?.noCopy ?? false) && subpath.isEmpty
        labels = request.volumeOptions?.labels ?? [:]
        options = request.volumeOptions?.driverConfig?.options ?? [:]
    }

    /// Those that were asked for.
    static func asked(_ host: HostConfig) -> [VolumeMount] {
        (host.binds ?? []).compactMap { Bind($0) == nil ? VolumeMount($0) : nil }
            + (host.mounts ?? []).filter { $0.type == "volume" }.map { VolumeMount($0) }
    }

    /// One for each of the image's paths on which nothing else is mounted.
    static func implied(by config: ContainerConfig, without taken: Set<String>) -> [VolumeMount] {
        Set((config.volumes ?? []).filter { $0.hasPrefix("/") }.map(Destination.plain)).subtracting(taken).sorted()
            .filter { $0 != "/" }.map { VolumeMount(destination: $0) }
    }
}

extension Engine {
    /// Gives the container its volumes: makes those that are not there, and fills what is empty from the image's tree.
    ///
    /// Returns the places where they are mounted. The container's layer is there already.
    func takeVolumes(_ mounts: [VolumeMount], for id: String) throws -> [String: MountPoint] {
        var points: [String: MountPoint] = [:]
        for mount in mounts {
            let name = mount.name ?? randomHex(bytes: 32)
            var labels = mount.labels
            if mount.name == nil { labels[VolumeStore.anonymous] = "" }
            if try volumes.claim(name, for: id, labels: labels.isEmpty ? nil : labels, options: mount.options) {
                events.emit("volume", "create", id: name, attributes: ["driver": "local"])
            }
            try checkPart(of: mount, name)
            if mount.copies {
                try store.withRoot(of: id) { root in
                    guard let tree = try? ContainedFile(mount.destination + "/.", in: root) else { return }
                    try withExtendedLifetime(tree) { try volumes.fill(name, from: tree.path, for: id) }
                }
            }
            var point = MountPoint()
            point.type = "volume"
            point.name = name
            point.source = volumes.data(name).string
            point.destination = mount.destination
            point.driver = "local"
            point.mode = mount.mode
            point.isWritable = !mount.isReadOnly
            point.subpath = mount.subpath
            points[mount.destination] = point
        }
        return points
    }

    /// Throws where there is no such part; it may still be gone when the container starts, which then fails.
    private func checkPart(of mount: VolumeMount, _ name: String) throws {
        guard !mount.subpath.isEmpty else { return }
        let whole = volumes.data(name)
        do {
            try volumes.devices.with([name]) { _ = try ContainedFile(mount.subpath, in: whole) }
        } catch let error as SystemError {
            let reason = error.errno == .noSuchFileOrDirectory ? "no such file or directory" : "\(error)"
            throw EngineError(.invalid, "cannot access path \(whole)/\(mount.subpath): \(reason)")
        }
    }

    /// What `--volumes-from` names: the mounts of other containers, where the container has none of its own.
    func volumesFrom(_ names: [String], without taken: Set<String>) async throws -> [MountPoint] {
        var found: [String: MountPoint] = [:]
        for text in names {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard let name = parts.first, parts.count == 1 || ["ro", "rw", "z", "Z"].contains(parts[1]) else {
                throw EngineError(.invalid, "invalid specification of volumes-from: '\(text)'")
            }
            for (destination, point) in await (try containers.find(name)).record.mountPoints ?? [:]
            where !taken.contains(destination) && !["tmpfs", "image"].contains(point.type) {
                var point = point
                if parts.count == 2, parts[1] == "ro" { point.isWritable = false }
                found[destination] = point
            }
        }
        return Array(found.values)
    }
}

extension MountPoint {
    /// What is mounted below a bind mount stays writable where that is read-only; kept where Docker keeps it.
    var isReadOnlyShallow: Bool {
        get { spec?.bindOptions?.readOnlyNonRecursive ?? false }
        set {
            guard newValue, type == "bind" else { return }
            var (request, options) = (MountRequest(), BindOptions())
            options.readOnlyNonRecursive = true
            (request.type, request.source, request.target) = (type, source, destination)
            (request.readOnly, request.bindOptions) = (!isWritable, options)
            spec = request
        }
    }

    /// The part of the volume that is mounted, kept where Docker keeps it; empty: all of it.
    var subpath: String {
        get { spec?.volumeOptions?.subpath ?? "" }
        set {
            guard !newValue.isEmpty else { return spec = nil }
            var (request, options) = (MountRequest(), VolumeOptions())
            options.subpath = newValue
            (request.type, request.source, request.target) = (type, name, destination)
            (request.readOnly, request.volumeOptions) = (!isWritable, options)
            spec = request
        }
    }
}

extension ContainerRecord {
    /// Its volumes; one may be there at several places.
    var volumes: [MountPoint] { (mountPoints ?? [:]).values.filter { $0.type == "volume" } }

    /// As `inspect` and `ps` show them.
    var shownMounts: [MountPoint] {
        (mountPoints ?? [:]).values.sorted { $0.destination < $1.destination }.map { point in
            var point = point
            point.spec = nil
            return point
        }
    }
}
