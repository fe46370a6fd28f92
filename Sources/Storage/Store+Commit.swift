import Archive
import GraphDrivers
import Hashing
package import OCI
import Synchronization

extension Store {
    /// Makes an image of what the container `name` changed, on top of the layers that it was made from.
    ///
    /// `image` is the new image but for its layers; the last step of its history is this one. A container that changed
    /// nothing gives an image of the layers it has.
    package func commit(_ name: String, as image: ImageConfig, parent: ImageID?, reference: String?) throws -> Image {
        let tagged = try reference.map { try parse($0).tagged }
        // Keeps the container from being removed meanwhile.
        _ = try open(name)
        defer { close(name) }
        let mount = try layers.mount(name)
        let flush = try DiskFlush(layout)
        let layer = try takeIn(changesOf: mount, flush)
        defer { if let layer { layers.release(layer.chain) } }
        var image = image
        image.rootfs = RootFS(diffIDs: layers.chain(to: layer?.chain).map(\.diff))
        image.history[image.history.count - 1].emptyLayer = layer?.chain == mount.parent
        let id = try create([JSON.encode(image)], parent: parent, flush: flush)[0]
        if let tagged { try put(tagged, on: id) }
        return try self.image(named: id.description)
    }

    /// Puts a layer with the container's changes in place, leased; the one it stands on if there are none.
    private func takeIn(changesOf mount: WritableLayer, _ flush: DiskFlush) throws -> Layer? {
        let parent = try mount.parent.map { chain in
            guard let layer = layers.lease(chain) else { throw StorageError.withoutParent(mount, chain) }
            return layer
        }
        do {
            if let layer = try takeIn(changesOf: mount, on: parent, flush) {
                if let parent { layers.release(parent.chain) }
                return layer
            }
            return parent
        } catch {
            if let parent { layers.release(parent.chain) }
            throw error
        }
    }

    /// Nil if there are no changes.
    private func takeIn(changesOf mount: WritableLayer, on parent: Layer?, _ flush: DiskFlush) throws -> Layer? {
        let base = try self.base(of: mount)
        let draft = try layers.begin(on: parent?.base)
        do {
            let content = try fill(draft, withChangesOf: mount.mountID, since: base)
            if content.diff == Self.emptyDiff {
                layers.discard(draft)
                return nil
            }
            try flush()
            let chain = ChainID(content.diff, on: draft.base?.chain)
            return try claims.withClaim(on: [chain]) { try layers.commit(draft, content) }
        } catch {
            layers.discard(draft)
            throw error
        }
    }

    private func fill(_ draft: LayerDraft, withChangesOf id: LayerID, since base: LayerID?) throws -> LayerContent {
        let stream = try PipedSource { [driver] in try driver.diff(of: id, since: base, to: $0) }
        let content: LayerContent
        do { content = try layers.fill(draft, from: stream) } catch {
            throw stream.abandon() ?? error  // the driver's reason is the better one
        }
        try stream.finish()
        return content
    }

    /// The digest of a tar with nothing in it: 1024 zeros.
    private static let emptyDiff = DiffID(Digest.of([UInt8](repeating: 0, count: 1024)))
}
