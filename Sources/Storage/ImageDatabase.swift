import Hashing
import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

/// `imagedb`: the images' configurations, each under its own digest, and what Docker remembers of them besides.
final class ImageDatabase: Sendable {
    struct Entry: Sendable {
        let config: ImageConfig
        let raw: [UInt8]
        /// The chain of all its layers; nil for none.
        let top: ChainID?
        var parent: ImageID?
        var lastTagged: Timestamp?
    }

    let layout: Layout
    private let layers: LayerDatabase
    private let log: Logger
    let state = Mutex([ImageID: Entry]())

    init(layout: Layout, layers: LayerDatabase, log: Logger) {
        self.layout = layout
        self.layers = layers
        self.log = log
    }

    /// Reads, verifies and leases; what can't be used stays on disk and is reported.
    func open() throws -> [Damage] {
        try removeRemains()
        var damages: [Damage] = []
        let ids = try listFolder(layout.imageContent, asOnDisk: true).compactMap { Digest(hex: $0).map { ImageID($0) } }
        let found = try mapInParallel(ids) { [self] id in Result { () throws(Unusable) in try read(id) } }
        for (id, result) in zip(ids, found) {
            switch result {
            case .success(let entry): state.withLock { $0[id] = entry }
            case .failure(let error):
                let remedy = "load or pull it again"
                damages.append(Damage(object: "image \(id)", reason: error.reason, remedy: remedy))
            }
        }
        return damages
    }

    /// Deletes what is on its way into place, and metadata of images that are not there.
    private func removeRemains() throws {
        try removeAsides(in: layout.imageContent)
        for name in try listFolder(layout.imageMetadata) {
            guard let id = Digest(hex: name).map({ ImageID($0) }) else { continue }
            try exists(layout.content(id)) ? removeAsides(in: layout.metadata(id)) : removeTree(layout.metadata(id))
        }
    }

    private struct Unusable: Error { let reason: String }

    private func read(_ id: ImageID) throws(Unusable) -> Entry {
        let raw: [UInt8]
        let config: ImageConfig
        do {
            raw = try readFile(layout.content(id), limit: Self.longest)
            guard Digest.of(raw) == id.digest else { throw Unusable(reason: "its file is not what its digest says") }
            config = try Self.parse(raw)
        } catch let error as Unusable { throw error } catch { throw Unusable(reason: "\(error)") }
        let top = ChainID.of(config.diffIDs)
        if let top, layers.lease(top) == nil { throw Unusable(reason: "its layer \(top.short) is missing or damaged") }
        return Entry(config: config, raw: raw, top: top, parent: parent(of: id), lastTagged: lastTagged(id))
    }

    /// Most bytes a configuration may have.
    static let longest = 8 << 20

    /// Parses a configuration and refuses what Docker's image store refuses.
    static func parse(_ raw: [UInt8]) throws -> ImageConfig {
        let invalid = { (reason: String) in
            StorageError.badArchive(member: "image configuration", reason: reason, remedy: "make the image again")
        }
        let config: ImageConfig
        do { config = try JSON.decode(ImageConfig.self, from: raw) } catch {
            throw invalid("invalid image JSON: \(JSON.reason(error))")
        }
        guard config.rootfs != nil else { throw invalid("invalid image JSON, no RootFS key") }
        guard config.history.count(where: { !$0.emptyLayer }) <= config.diffIDs.count || config.history.isEmpty else {
            throw invalid("too many non-empty layers in History section")
        }
        guard config.os.isEmpty || config.os == "linux" else {
            throw invalid("it is for the operating system \(config.os), and this is linux")
        }
        guard config.diffIDs.count <= Layer.deepest else { throw StorageError.tooDeep(limit: Layer.deepest) }
        return config
    }

    /// Keeps a configuration whose layers are all there and leases the top one; an image that is there stays as it is.
    ///
    /// The layers are on the disk; who made the image flushes it before he gives it a name or tells anybody.
    func create(_ raw: [UInt8], parent: ImageID? = nil) throws -> (id: ImageID, isNew: Bool) {
        let id = ImageID(Digest.of(raw))
        let config = try Self.parse(raw)
        let top = ChainID.of(config.diffIDs)
        let isNew = try state.withLock { images in
            guard images[id] == nil else { return false }
            if let top, layers.lease(top) == nil {
                throw StorageError.damaged(
                    object: "image \(id)",
                    reason: "its layer \(top.short) is not there",
                    remedy: "load the image again"
                )
            }
            do {
                // First, since metadata alone is nothing.
                if let parent { try setMetadata("parent", parent.description, of: id) }
                try writeAtomically(raw, to: layout.content(id))
            } catch {
                if let top { layers.release(top) }
                throw error
            }
            images[id] = Entry(
                config: config,
                raw: raw,
                top: top,
                parent: self.parent(of: id),
                lastTagged: lastTagged(id)
            )
            return true
        }
        for layer in layers.chain(to: top) { layers.claim(layer.chain) }
        return (id, isNew)
    }

    /// Forgets the image and deletes its files; returns the layers that went with it, top first.
    func remove(_ id: ImageID) throws -> [ChainID] {
        let entry = try state.withLock { images -> Entry? in
            guard let entry = images[id] else { return nil }
            for (child, childEntry) in images where childEntry.parent == id {
                try removeTree(layout.metadata(child).appending("parent"))
                images[child]?.parent = nil
            }
            // A disk too full for the mark must not keep the image from being removed.
            if let top = entry.top { try? layers.disclaim(top) }
            // Metadata alone is nothing; content alone would be an image without its past.
            try removeTree(layout.metadata(id))
            try removeTree(layout.content(id))
            images[id] = nil
            return entry
        }
        // The mark stays where somebody else still needs the layer: who that is may be lost with the machine's power.
        return entry?.top.map { layers.release($0) } ?? []
    }

    /// Remembers that a tag was put on the image now.
    func touch(_ id: ImageID, _ now: Timestamp) throws {
        try state.withLock { images in
            guard images[id] != nil else { return }
            try setMetadata("lastUpdated", now.description, of: id)
            images[id]?.lastTagged = now
        }
    }

    private func setMetadata(_ key: String, _ value: String, of id: ImageID) throws {
        let folder = layout.metadata(id)
        if !isFolder(folder) { try makeFolders(folder, mode: FilePermissions(rawValue: 0o700)) }
        try writeAtomically(Array(value.utf8), to: folder.appending(key))
    }

    private func parent(of id: ImageID) -> ImageID? {
        LayerReader.text(layout.metadata(id).appending("parent")).flatMap { ImageID($0) }
    }

    private func lastTagged(_ id: ImageID) -> Timestamp? {
        LayerReader.text(layout.metadata(id).appending("lastUpdated")).flatMap { Timestamp($0) }
    }
}
