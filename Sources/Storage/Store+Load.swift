package import Archive
import GraphDrivers
import Linux
import OCI
import Synchronization

extension Store {
    /// Takes in the images of an archive from a stream.
    ///
    /// It may be what `docker save` wrote since 1.0, or an OCI layout, compressed or not. What fails leaves no layer
    /// behind that no image has.
    package func load(_ archive: any ByteSource, progress: (LoadProgress) -> Void) throws -> [LoadedImage] {
        let plain = try Decompressor(archive, limits: limits)
        let spool = try Spool(plain, in: layout.temporary, limits: limits)
        let plan = try ArchivePlanner(spool: spool, limits: limits).plan()
        var loaded: [LoadedImage] = []
        for image in plan { loaded.append(try load(image, from: spool, progress)) }
        flusher.flush()
        return loaded
    }

    private func load(
        _ image: PlannedImage,
        from spool: Spool,
        _ progress: (LoadProgress) -> Void
    ) throws -> LoadedImage {
        let leased = try registering.withLock { _ in
            try LayerLoader(layers: layers, spool: spool, limits: limits).load(image.layers, progress)
        }
        defer { for layer in leased.reversed() { layers.release(layer.chain) } }
        for layer in image.layers where layer.isBlob {
            // A cache: the next pull fetches a blob that it need not have.
            try? distribution.setDiff(layer.diff, ofBlob: layer.member.digest)
        }
        let id = try imageDatabase.create(image.config)
        var renamed: [LoadedImage.Renamed] = []
        for reference in image.references {
            if let old = try put(reference, on: id) {
                renamed.append(LoadedImage.Renamed(reference: reference, old: old))
            }
        }
        return LoadedImage(id: id, references: image.references, renamed: renamed)
    }
}
