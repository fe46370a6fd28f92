package import Archive
import GraphDrivers
import Linux
import OCI
import Synchronization

extension Store {
    /// Takes in the images of an archive from a stream; when it returns, a loss of power does not take them away.
    ///
    /// It may be what `docker save` wrote since 1.0, or an OCI layout, compressed or not. What fails leaves no layer
    /// behind that no image has.
    package func load(_ archive: any ByteSource, progress: (LoadProgress) -> Void) throws -> [LoadedImage] {
        let flush = try DiskFlush(layout)
        let plain = try Decompressor(archive, limits: limits)
        let spool = try Spool(plain, in: layout.temporary, limits: limits)
        let plan = try ArchivePlanner(spool: spool, limits: limits).plan()
        let batch = LayerBatch(layers)
        defer { batch.end() }
        try registering.withLock { _ in
            let loader = LayerLoader(layers: layers, spool: spool, limits: limits)
            for image in plan { try loader.unpack(image.layers, into: batch, progress) }
            try spool.empty()
            if batch.hasDrafts { try flush() }
            try batch.commit()
        }
        for layer in plan.flatMap(\.layers) where layer.isBlob {
            // A cache: the next pull fetches a blob that it need not have.
            try? distribution.setDiff(layer.diff, ofBlob: layer.member.digest)
        }
        let ids = try create(plan.map(\.config), flush: flush)
        return try zip(plan, ids).map { image, id in
            var renamed: [LoadedImage.Renamed] = []
            for reference in image.references {
                if let old = try put(reference, on: id) {
                    renamed.append(LoadedImage.Renamed(reference: reference, old: old))
                }
            }
            return LoadedImage(id: id, references: image.references, renamed: renamed)
        }
    }

    /// Makes images of layers that are in place, and has them on the disk before anybody gives them a name.
    func create(_ configs: [[UInt8]], parent: ImageID? = nil, flush: DiskFlush) throws -> [ImageID] {
        var made: [ImageID] = []
        do {
            let ids = try configs.map { config in
                let (id, isNew) = try imageDatabase.create(config, parent: parent)
                if isNew { made.append(id) }
                return id
            }
            try flush()
            return ids
        } catch {
            // Why they can't be removed either is what was thrown.
            for id in made where references.references(to: id).isEmpty { _ = try? imageDatabase.remove(id) }
            throw error
        }
    }
}
