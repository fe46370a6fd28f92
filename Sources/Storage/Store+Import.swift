package import Archive
import GraphDrivers
import Linux
package import OCI
import Synchronization

extension Store {
    /// Makes an image of one layer out of a root file system's tar, compressed or not.
    package func importImage(
        _ tar: any ByteSource,
        config: ContainerConfig,
        reference: String?,
        message: String,
        platform: Platform = .host,
        progress: (LoadProgress) -> Void
    ) throws -> Image {
        let name = try reference.map { try parse($0).tagged }
        let flush = try DiskFlush(layout)
        let layer = try takeIn(Decompressor(tar, limits: limits), flush)
        defer { layers.release(layer.chain) }
        progress(LoadProgress(layer: layer.diff, status: "Importing", current: layer.size, total: layer.size))
        var image = ImageConfig()
        image.architecture = platform.architecture
        image.os = platform.os
        image.variant = platform.variant ?? ""
        image.created = .now
        image.comment = message
        image.config = config
        var step = ImageHistory()
        step.created = image.created
        step.comment = message
        image.history = [step]
        image.rootfs = RootFS(diffIDs: [layer.diff])
        let id = try create([JSON.encode(image)], flush: flush)[0]
        if let name { try put(name, on: id) }
        return try self.image(named: id.description)
    }

    /// Puts a bottom layer in place, leased.
    private func takeIn(_ tar: any ByteSource, _ flush: DiskFlush) throws -> Layer {
        let draft = try layers.begin(on: nil)
        do {
            let content = try layers.fill(draft, from: tar)
            try flush()
            let chain = ChainID(content.diff, on: draft.base?.chain)
            return try claims.withClaim(on: [chain]) { try layers.commit(draft, content) }
        } catch {
            layers.discard(draft)
            throw error
        }
    }
}
