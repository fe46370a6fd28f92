package import Archive
import GraphDrivers
import Linux
import OCI

extension Store {
    /// Writes images as one archive in the form of Docker 25 and later: an OCI layout that has Docker's tables as well.
    ///
    /// A name without a tag means all tags of that name, an ID means the image without a name.
    package func save(_ names: [String], to sink: any ByteSink) throws {
        var images: [ImageSaver.Item] = []
        for name in names {
            for (id, reference) in try selection(name) {
                if let index = images.firstIndex(where: { $0.image.id == id }) {
                    if let reference, !images[index].references.contains(reference) {
                        images[index].references.append(reference)
                    }
                } else {
                    guard let image = image(id) else { throw StorageError.noSuchImage(name) }
                    images.append(ImageSaver.Item(image: image, references: reference.map { [$0] } ?? []))
                }
            }
        }
        // Nobody may delete what is being written.
        let tops = images.compactMap { ChainID.of($0.image.config.diffIDs) }
        let leased = tops.compactMap { layers.lease($0) }
        defer { for layer in leased { layers.release(layer.chain) } }
        guard leased.count == tops.count else { throw StorageError.noSuchImage(names.joined(separator: " ")) }
        try ImageSaver(layers: layers, items: images).write(to: sink)
    }

    private func selection(_ name: String) throws -> [(ImageID, Reference?)] {
        // An ID is no reference; what is neither is said by the look-up below.
        guard Digest(name) == nil, let reference = try? Reference(name) else {
            return [(try imageID(named: name), nil)]
        }
        if reference.tag == nil, reference.digest == nil {
            let tagged = references.all().flatMap { id, names in
                names.filter { $0.name == reference.name && $0.digest == nil }.map { (id, Optional($0)) }
            }
            if !tagged.isEmpty { return tagged.sorted { ($0.1?.familiar ?? "") < ($1.1?.familiar ?? "") } }
        }
        let id = try imageID(named: name)
        return [(id, references.image(reference) == id && reference.digest == nil ? reference.tagged : nil)]
    }
}
