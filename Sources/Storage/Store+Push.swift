package import Archive
import GraphDrivers
import Hashing
package import OCI

/// A layer of an image, to be sent away.
package struct PushedLayer: Sendable {
    package let diff: DiffID
    /// Of the uncompressed tar.
    package let size: Int64
    let layer: Layer
}

extension Store {
    /// Runs `body` with an image's layers, bottom first, of which none is removed meanwhile.
    package func withLayers<Result>(of image: Image, _ body: ([PushedLayer]) throws -> Result) throws -> Result {
        guard let top = ChainID.of(image.config.diffIDs) else { return try body([]) }
        guard let leased = layers.lease(top) else { throw StorageError.noSuchImage(image.id.description) }
        defer { layers.release(leased.chain) }
        let all = try layers.chain(to: top).map { layer in
            PushedLayer(diff: layer.diff, size: try layers.tarSize(of: layer), layer: layer)
        }
        return try body(all)
    }

    /// Writes the layer's tar, and proves that it is what it was.
    package func write(_ pushed: PushedLayer, to sink: any ByteSink) throws {
        let hashing = HashingSink(sink)
        try layers.writeTar(of: pushed.layer, to: hashing)
        guard hashing.digest == pushed.diff.digest else {
            throw StorageError.wrongDigest(
                object: "layer \(pushed.layer.chain.short) of the image",
                expected: "\(pushed.diff)",
                actual: "\(hashing.digest)"
            )
        }
    }

    /// Where a layer is known to be in registries, the newest first: the blob, and the repository's full name.
    package func places(of diff: DiffID) -> [(blob: Digest, repository: String)] {
        distribution.blobs(of: diff).reversed().map { ($0.digest, $0.sourceRepository) }
    }

    /// The layer is in a registry's repository, as that blob.
    package func note(_ diff: DiffID, isIn repository: String, as blob: Digest) {
        // A cache: without it the layer is sent once more.
        try? distribution.add(.init(digest: blob, sourceRepository: repository, hmac: ""), of: diff)
        try? distribution.setDiff(diff, ofBlob: blob)
    }

    /// It is not there any more.
    package func forget(_ diff: DiffID, isIn repository: String, as blob: Digest) {
        try? distribution.remove(.init(digest: blob, sourceRepository: repository, hmac: ""), of: diff)
    }

    /// The references to push for a name: itself, or all tags of its repository where it has none.
    package func references(toPush reference: Reference) throws -> [(reference: Reference, image: Image)] {
        if reference.tag != nil || reference.digest != nil {
            guard let id = references.image(reference), let image = image(id) else {
                throw StorageError.noSuchImage(reference.familiar)
            }
            return [(reference, image)]
        }
        let found = references.all().flatMap { id, names in
            names.filter { $0.name == reference.name && $0.digest == nil }.compactMap { name in
                image(id).map { (name, $0) }
            }
        }
        guard !found.isEmpty else { throw StorageError.noSuchImage(reference.familiar) }
        return found.sorted { $0.0.familiar < $1.0.familiar }
    }

    /// The image can be named by the digest of its manifest in a registry.
    package func name(_ image: ImageID, _ reference: Reference) throws { try put(reference, on: image) }
}
