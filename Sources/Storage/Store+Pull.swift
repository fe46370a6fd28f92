import Archive
package import OCI

extension Store {
    /// Takes in one image whose layers come from elsewhere, and gives it these names; when it returns, a loss of power
    /// does not take it away.
    ///
    /// `need` is told which layers are not there, before they are asked for; `giveUp` throws when nobody wants the image
    /// any more; `unpacked` is called when the layers' bytes are not needed any more, before the disk is waited for.
    /// Returns its ID, and whether one of the names is new to it.
    package func takeIn(
        config: [UInt8],
        layers: [PlannedLayer],
        references: [Reference],
        need: ([PlannedLayer]) throws -> Void,
        giveUp: () throws -> Void,
        unpacked: () -> Void,
        progress: (LayerProgress) -> Void
    ) throws -> (id: ImageID, isNew: Bool) {
        let flush = try DiskFlush(layout)
        let diffs = try ImageDatabase.parse(config).diffIDs
        guard diffs == layers.map(\.diff) else {
            throw StorageError.badArchive(
                member: "manifest",
                reason: "it names \(layers.count) layers, and the image's configuration has \(diffs.count)",
                remedy: "the image is damaged; have it made again"
            )
        }
        let image = PlannedImage(config: config, layers: layers, references: references)
        func unpack(_ image: PlannedImage, _ loader: LayerLoader, _ batch: LayerBatch) throws {
            try loader.unpack(image.layers, into: batch, need: need, progress)
        }
        let id = try takeIn([image], flush, giveUp: giveUp, unpack: unpack, emptied: unpacked)[0]
        let before = Set(self.references.references(to: id))
        for reference in references { try put(reference, on: id) }
        return (id, !references.allSatisfy { before.contains($0.stored) })
    }

    /// The diff IDs of a configuration's layers, bottom first; throws where it is none of an image.
    package static func diffIDs(of config: [UInt8]) throws -> [DiffID] { try ImageDatabase.parse(config).diffIDs }
}
