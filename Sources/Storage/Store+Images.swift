import Glibc
package import OCI
import Synchronization

extension Store {
    /// All images, in no order that means anything.
    package func images() -> [Image] {
        let names = references.all()
        let entries = imageDatabase.state.withLock { $0 }
        return entries.map { image($0.key, $0.value, names[$0.key] ?? []) }
    }

    /// The image that has this reference (without a tag: `latest`), this ID, or an ID that begins so.
    package func image(named name: String) throws -> Image {
        let id = try imageID(named: name)
        guard let entry = imageDatabase.state.withLock({ $0[id] }) else { throw StorageError.noSuchImage(name) }
        return image(id, entry, references.references(to: id))
    }

    /// The image of that ID, if it is there.
    package func image(_ id: ImageID) -> Image? {
        imageDatabase.state.withLock { $0[id] }.map { image(id, $0, references.references(to: id)) }
    }

    private func image(_ id: ImageID, _ entry: ImageDatabase.Entry, _ names: [Reference]) -> Image {
        Image(
            id: id,
            config: entry.config,
            rawConfig: entry.raw,
            references: names.filter { $0.digest == nil },
            digests: names.filter { $0.digest != nil },
            parent: entry.parent,
            size: layers.size(upTo: entry.top),
            lastTagged: entry.lastTagged
        )
    }

    /// Finds an image as Docker does: a full ID, then a reference, then the beginning of an ID.
    func imageID(named name: String) throws -> ImageID {
        if let digest = Digest(name) ?? Digest(hex: name) {
            let id = ImageID(digest)
            if imageDatabase.state.withLock({ $0[id] != nil }) { return id }
            throw StorageError.noSuchImage(name)
        }
        let reference = try parse(name)
        if let id = references.image(reference), imageDatabase.state.withLock({ $0[id] != nil }) { return id }
        let prefix = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        let found = imageDatabase.state.withLock { $0.keys.filter { $0.hex.hasPrefix(prefix) } }
        guard let id = found.first else { throw StorageError.noSuchImage(reference.tagged.familiar) }
        guard found.count == 1 else { throw StorageError.ambiguous(name) }
        return id
    }

    func parse(_ name: String) throws -> Reference {
        do throws(ReferenceError) { return try Reference(name) } catch {
            throw StorageError.invalidReference(name, reason: error.description)
        }
    }

    /// Makes `target` another name of the image `name`.
    package func tag(_ name: String, as target: String) throws {
        let id = try imageID(named: name)
        let reference = try parse(target)
        if reference.digest != nil {
            throw StorageError.invalidReference(target, reason: "refusing to create a tag with a digest reference")
        }
        try put(reference.tagged, on: id)
    }

    /// Puts a tag on an image; returns the image that had it.
    @discardableResult
    func put(_ reference: Reference, on id: ImageID) throws -> ImageID? {
        let old = try references.set(reference, to: id)
        try imageDatabase.touch(id, .now)
        return old
    }

    /// How the image came to be, newest first; layers without an image here have no ID.
    package func history(of image: Image) -> [HistoryEntry] {
        var chain: ChainID?
        var diffs = image.config.diffIDs[...]
        var steps: [HistoryEntry] = []
        for step in image.config.history {
            var size: Int64 = 0
            if !step.emptyLayer, let diff = diffs.popFirst() {
                let top = ChainID(diff, on: chain)
                chain = top
                size = layers.layer(top)?.size ?? 0
            }
            steps.append(
                HistoryEntry(
                    id: nil,
                    created: step.created,
                    createdBy: step.createdBy,
                    comment: step.comment,
                    tags: [],
                    size: size
                )
            )
        }
        steps.reverse()
        var next: Image? = image
        for index in steps.indices {
            guard let known = next else { break }
            steps[index].id = known.id
            steps[index].tags = known.references.map(\.familiar)
            next = known.parent.flatMap { self.image($0) }
        }
        return steps
    }
}
