import Archive
import FoundationEssentials
import Hashing
import Linux
package import OCI
package import Registry
import Storage
import Synchronization

/// What a registry has after a push.
package struct PushedImage: Sendable {
    package let tag: String
    package let digest: Digest
    /// Bytes of the manifest.
    package let size: Int
}

extension Engine {
    /// Sends an image to the registry that its name says: one tag, or all of the name's.
    package func push(
        _ reference: Reference,
        credentials: Credentials,
        report: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> [PushedImage] {
        let cancellation = Cancellation()
        let push = ImagePush(
            store: store,
            registry: registry,
            reference: reference,
            credentials: credentials,
            cancellation: cancellation,
            report: report
        )
        let pushed = try await onRegistry(cancellation) { try push.run() }
        emit(image: "push", reference.familiar, name: reference.familiarName)
        return pushed
    }
}

/// One image on its way to a registry. Blocks.
struct ImagePush: Sendable {
    let store: Store
    let registry: RegistryAccess
    let reference: Reference
    let credentials: Credentials
    let cancellation: Cancellation
    let report: @Sendable (TransferProgress) -> Void

    func run() throws -> [PushedImage] {
        // First of all: what fails is told in the stream that this begins, as clients expect it.
        report(TransferProgress("The push refers to repository [\(reference.name)]"))
        let images: [(reference: Reference, image: Image)]
        do { images = try store.references(toPush: reference) } catch StorageError.noSuchImage {
            let name = reference.familiar
            throw EngineError(.notFound, "An image does not exist locally with the tag: \(name)")
        }
        return try images.map { try push($0.image, as: $0.reference) }
    }

    private func push(_ image: Image, as name: Reference) throws -> PushedImage {
        guard let tag = name.tag else { throw EngineError(.invalid, "cannot push a digest reference") }
        return try store.withLayers(of: image) { layers in
            for layer in layers.reversed() { report(TransferProgress("Preparing", id: layer.diff.short)) }
            let sources = Set(layers.flatMap { layer in places(layer, elsewhere: true).map(\.path) })
            let repository = try registry.repository(name, credentials, toPush: true, sources: sources.sorted())
            let sent = Mutex<[Int: Descriptor]>([:])
            // The same layer twice in one image is sent once.
            let once = layers.indices.filter { index in layers.firstIndex { $0.diff == layers[index].diff } == index }
            try inParallel(once.count, width: max(1, registry.settings.uploads)) { number in
                let index = once[number]
                let descriptor = try LayerPush(self, repository, layers[index]).run()
                sent.withLock { $0[index] = descriptor }
            }
            let descriptors = sent.withLock { sent in
                layers.compactMap { layer in layers.firstIndex { $0.diff == layer.diff }.flatMap { sent[$0] } }
            }
            return try finish(image, descriptors, name, tag, repository)
        }
    }

    /// Where a layer is in this registry, in this repository or others of it.
    func places(_ layer: PushedLayer, elsewhere: Bool) -> [(blob: Digest, path: String)] {
        let found = store.places(of: layer.diff).compactMap { place -> (Digest, String)? in
            guard let at = try? Reference(place.repository), at.domain == reference.domain else { return nil }
            return (at.path != reference.path) == elsewhere ? (place.blob, at.path) : nil
        }
        return Array(found.prefix(3))
    }

    /// Sends configuration and manifest: from then on the image is there.
    private func finish(
        _ image: Image,
        _ layers: [Descriptor],
        _ name: Reference,
        _ tag: String,
        _ repository: RemoteRepository
    ) throws -> PushedImage {
        let digest = image.id.digest
        if try repository.size(of: digest, cancellation) == nil {
            let upload = try repository.beginUpload(cancellation)
            try repository.finish(upload, as: digest, rest: image.rawConfig, cancellation)
        }
        let config = Descriptor(
            mediaType: MediaType.dockerConfig,
            digest: digest,
            size: Int64(image.rawConfig.count)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let manifest = Manifest(mediaType: MediaType.dockerManifest, config: config, layers: layers)
        let bytes = Array(try encoder.encode(manifest))
        try repository.putManifest(bytes, type: MediaType.dockerManifest, as: tag, cancellation)
        let pushed = PushedImage(tag: tag, digest: Digest.of(bytes), size: bytes.count)
        var named = name
        (named.tag, named.digest) = (nil, pushed.digest)
        try store.name(image.id, named)
        report(TransferProgress("\(tag): digest: \(pushed.digest) size: \(pushed.size)"))
        return pushed
    }
}
