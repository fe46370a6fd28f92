import DockerAPI
import GraphDrivers
import Hashing
import Linux
import OCI
import Storage
import SystemPackage

/// `--mount type=image`: the files of another image, read-only.
///
/// Each has a layer of its own on that image, as the container has: so the image's layers stay while the container is there.
/// Drivers whose layers are no folders have theirs mounted in the exec root while the container runs.
extension Engine {
    /// What a container's `number`th such layer is called: dockerd insists on 64 hexadecimal digits.
    private static func layer(_ id: String, _ number: Int) -> String {
        Digest.of(Array("\(id) image \(number)".utf8)).hex
    }

    private func folder(_ id: String, _ number: Int) -> FilePath {
        settings.execRoot.appending(id).appending("image-\(number)")
    }

    /// Makes the layers, in order, so that what a crash leaves is found by counting.
    func takeImages(_ host: HostConfig, for id: String) throws {
        for (number, mount) in host.imageMounts.enumerated() {
            let image: Image
            do { image = try store.image(named: mount.source) } catch let error as StorageError {
                // None of "not found": clients would fetch the container's image.
                throw EngineError(.invalid, "invalid mount config for type \"image\": \(error): pull it first")
            }
            try store.createMount(Self.layer(id, number), image: image.id, options: [:])
        }
    }

    /// Shows them, with the container's SELinux context; returns where, by destination. Ends with `closeImages`.
    func openImages(_ host: HostConfig, of record: ContainerRecord) throws -> [String: FilePath] {
        let (id, context) = (record.id, mountLabel(record))
        var places: [String: FilePath] = [:]
        for (number, mount) in host.imageMounts.enumerated() {
            if let context { store.setContext(context, of: Self.layer(id, number)) }
            let view = try store.open(Self.layer(id, number))
            switch view {
            case .folder(let path): places[mount.target] = path
            case .mounts(let mounts):
                let place = folder(id, number)
                try makeFolders(place.removingLastComponent(), mode: FilePermissions(rawValue: 0o711))
                try makeFolders(place, mode: FilePermissions(rawValue: 0o700))
                try mountTree(mounts, at: place)
                places[mount.target] = place
            }
            if let context, !view.shows(context), let place = places[mount.target] {
                try Relabelling.relabel(place, as: context)
            }
        }
        return places
    }

    /// Counts this daemon as a viewer of the layers of a container that runs.
    func holdImages(_ host: HostConfig, of id: String) throws {
        for number in host.imageMounts.indices { _ = try store.open(Self.layer(id, number)) }
    }

    /// Unmounts what is mounted, and lets the layers go.
    func closeImages(of id: String) throws {
        for number in imageLayers(of: id) {
            let place = folder(id, number)
            while exists(place), try MountInfo.all().contains(where: { $0.target == place }) {
                try unmount(place, detach: true)
            }
            store.close(Self.layer(id, number))
        }
    }

    /// The last one first: the others are still found by counting.
    func removeImages(of id: String) throws {
        for number in imageLayers(of: id).reversed() { try store.removeMount(Self.layer(id, number)) }
    }

    private func imageLayers(of id: String) -> Range<Int> {
        var count = 0
        while store.hasMount(Self.layer(id, count)) { count += 1 }
        return 0..<count
    }
}

extension HostConfig {
    /// The mounts of images.
    var imageMounts: [MountRequest] { (mounts ?? []).filter { $0.type == "image" } }
}
