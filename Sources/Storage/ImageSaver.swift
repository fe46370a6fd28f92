import Archive
import Hashing
import OCI

/// Writes one archive of images: each blob once, tables last, all times 0, so that the same images give the same bytes.
struct ImageSaver {
    struct Item {
        let image: Image
        var references: [Reference]
    }

    private struct DockerItem: Encodable {
        let config: String
        let repoTags: [String]?
        let layers: [String]
        let layerSources: [String: Descriptor]

        enum CodingKeys: String, CodingKey {
            case config = "Config", repoTags = "RepoTags", layers = "Layers", layerSources = "LayerSources"
        }

        func encode(to encoder: any Encoder) throws {
            var to = encoder.container(keyedBy: CodingKeys.self)
            try to.encode(config, forKey: .config)
            try to.encode(repoTags, forKey: .repoTags)
            try to.encode(layers, forKey: .layers)
            try to.encode(layerSources, forKey: .layerSources)
        }
    }

    private struct LayoutMarker: Encodable { let imageLayoutVersion = "1.0.0" }

    let layers: LayerDatabase
    let items: [Item]

    func write(to sink: any ByteSink) throws {
        let tar = try TarWriter(sink)
        try tar.addFolder("blobs/")
        try tar.addFolder("blobs/sha256/")
        var written: Set<Digest> = []
        var index: [Descriptor] = []
        var table: [DockerItem] = []
        var repositories: [String: [String: String]] = [:]
        for item in items {
            let layers = try self.layers.chain(to: ChainID.of(item.image.config.diffIDs)).map { layer in
                let size = try writeBlob(of: layer, to: tar, &written)
                return Descriptor(mediaType: MediaType.layer, digest: layer.diff.digest, size: size)
            }
            let config = try add(item.image.rawConfig, MediaType.config, to: tar, &written)
            let manifest = try add(
                JSON.encode(Manifest(config: config, layers: layers)),
                MediaType.manifest,
                to: tar,
                &written
            )
            index += Self.entries(manifest, item.references)
            table.append(Self.entry(config, layers, item.references))
            for reference in item.references {
                guard let tag = reference.tag, let top = layers.last else { continue }
                repositories[reference.familiarName, default: [:]][tag] = top.digest.hex
            }
        }
        try tar.addFile("index.json", JSON.encode(Index(manifests: index)))
        try tar.addFile("manifest.json", JSON.encode(table))
        try tar.addFile("oci-layout", JSON.encode(LayoutMarker()))
        if !repositories.isEmpty { try tar.addFile("repositories", JSON.encode(repositories)) }
        try tar.finish()
    }

    private static func entries(_ manifest: Descriptor, _ references: [Reference]) -> [Descriptor] {
        if references.isEmpty { return [manifest] }
        return references.map { reference in
            var named = manifest
            named.annotations = ["io.containerd.image.name": reference.description]
            if let tag = reference.tag { named.annotations?["org.opencontainers.image.ref.name"] = tag }
            return named
        }
    }

    private static func entry(_ config: Descriptor, _ layers: [Descriptor], _ references: [Reference]) -> DockerItem {
        DockerItem(
            config: path(config.digest),
            repoTags: references.isEmpty ? nil : references.map(\.familiar),
            layers: layers.map { path($0.digest) },
            layerSources: Dictionary(layers.map { ($0.digest.description, $0) }) { first, _ in first }
        )
    }

    private static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    private func add(
        _ bytes: [UInt8],
        _ type: String,
        to tar: TarWriter,
        _ written: inout Set<Digest>
    ) throws -> Descriptor {
        let digest = Digest.of(bytes)
        if written.insert(digest).inserted { try tar.addFile(Self.path(digest), bytes) }
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    /// Writes the layer's tar, proving on the way that it is what it was; returns its size.
    private func writeBlob(of layer: Layer, to tar: TarWriter, _ written: inout Set<Digest>) throws -> Int64 {
        let size = try layers.tarSize(of: layer)
        guard written.insert(layer.diff.digest).inserted else { return size }
        try tar.addFile(Self.path(layer.diff.digest), size: size) { sink in
            let hashing = HashingSink(sink)
            try layers.writeTar(of: layer, to: hashing)
            guard hashing.digest == layer.diff.digest else {
                throw StorageError.wrongDigest(
                    object: "layer \(layer.chain.short) of the image",
                    expected: "\(layer.diff)",
                    actual: "\(hashing.digest)"
                )
            }
        }
        return size
    }
}
