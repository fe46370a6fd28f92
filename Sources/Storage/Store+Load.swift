package import Archive
import GraphDrivers
import Linux
import OCI
import Synchronization

extension Store {
    /// Takes in the images of an archive from a stream; when it returns, a loss of power does not take them away.
    ///
    /// It may be what `docker save` wrote since 1.0, or an OCI layout, compressed or not. What fails leaves no layer
    /// behind that no image has. `giveUp` throws when nobody wants the images any more.
    package func load(
        _ archive: any ByteSource,
        progress: (LoadProgress) -> Void,
        giveUp: () throws -> Void = {}
    ) throws -> [LoadedImage] {
        let flush = try DiskFlush(layout)
        let plain = try Decompressor(archive, limits: limits)
        let spool = try Spool(plain, in: layout.temporary, limits: limits)
        let plan = try ArchivePlanner(spool: spool, limits: limits).plan()
        func unpack(_ image: PlannedImage, _ loader: LayerLoader, _ batch: LayerBatch) throws {
            try loader.unpack(image.layers, into: batch) { done in
                let (diff, size) = (done.layer.diff, done.layer.size)
                progress(LoadProgress(layer: diff, status: "Loading layer", current: done.taken, total: size))
            }
        }
        let ids = try takeIn(plan, flush, giveUp: giveUp, unpack: unpack, emptied: { try spool.empty() })
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

    /// Puts the layers of images in place, as `unpack` takes them in, and makes the images; names nothing yet.
    func takeIn(
        _ plan: [PlannedImage],
        _ flush: DiskFlush,
        giveUp: () throws -> Void = {},
        unpack: (PlannedImage, LayerLoader, LayerBatch) throws -> Void,
        emptied: () throws -> Void
    ) throws -> [ImageID] {
        let batch = LayerBatch(layers)
        defer { batch.end() }
        try claims.withClaim(on: Set(plan.flatMap { ChainID.all($0.layers.map(\.diff)) }), giveUp: giveUp) {
            let loader = LayerLoader(layers: layers, limits: limits)
            for image in plan { try unpack(image, loader, batch) }
            try emptied()
            if batch.hasDrafts { try flush() }
            try batch.commit()
        }
        for layer in plan.flatMap(\.layers) {
            // A cache: the next pull fetches a blob that it need not have.
            if let blob = layer.blob { try? distribution.setDiff(layer.diff, ofBlob: blob) }
        }
        return try create(plan.map(\.config), flush: flush)
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
