import Archive
import GraphDrivers
import Hashing
import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

/// A layer that is being made: the journal names its driver's layer before the driver makes it.
///
/// `begin`, `fill`, a flush of the disk, `commit`; `discard` at any point instead, or a restart after a crash, leaves
/// nothing of it. Since the flush comes first, what is in place is whole, whatever happens to the machine.
struct LayerDraft: Sendable {
    let cacheID: LayerID
    /// What it is made on; nothing for a bottom layer.
    let base: LayerBase?
    let folder: AtomicFolder
}

/// What a layer can be made on: one that is in place, or another draft.
struct LayerBase: Sendable {
    let chain: ChainID
    let cacheID: LayerID
}

/// What a draft was filled with.
struct LayerContent: Sendable {
    let diff: DiffID
    /// What the driver said the layer takes.
    let size: Int64
}

extension LayerDatabase {
    /// Makes an empty driver's layer on `base`, named in the journal first.
    func begin(on base: LayerBase?) throws -> LayerDraft {
        let id = Self.newLayerID()
        let draft = LayerDraft(cacheID: id, base: base, folder: try AtomicFolder(layout.writeSet(id)))
        do {
            try draft.folder.write(id.description, to: "cache-id")
            try driver.create(id, parent: base?.cacheID, options: LayerOptions())
        } catch {
            discard(draft)
            throw error
        }
        return draft
    }

    /// Unpacks an uncompressed tar into the draft, keeping what is needed to make the same tar again.
    func fill(_ draft: LayerDraft, from tar: any ByteSource) throws -> LayerContent {
        let hashing = HashingSource(tar)
        let size =
            driver.capabilities.contains(.sameTars)
            ? try apply(hashing, to: draft) : try applyWithRecord(hashing, to: draft)
        let content = LayerContent(diff: DiffID(hashing.digest), size: size)
        try draft.folder.write(content.diff.description, to: "diff")
        try draft.folder.write(String(content.size), to: "size")
        if let base = draft.base { try draft.folder.write(base.chain.description, to: "parent") }
        return content
    }

    private func applyWithRecord(_ tar: any ByteSource, to draft: LayerDraft) throws -> Int64 {
        let record = try FileSink(creating: draft.folder.path.appending("tar-split.json.gz"))
        let gzip = GzipSink(record)
        let splitter = TarSplitter(tar, record: gzip)
        let size = try driver.apply(splitter, to: draft.cacheID, parent: draft.base?.cacheID, limits: limits)
        try splitter.finish()
        try gzip.finish()
        try record.close()
        return size
    }

    /// The driver gives the same tar back.
    private func apply(_ tar: any ByteSource, to draft: LayerDraft) throws -> Int64 {
        let size = try driver.apply(tar, to: draft.cacheID, parent: draft.base?.cacheID, limits: limits)
        try tar.copy(to: HashingSink())  // what follows the tar's end counts for its digest
        return size
    }

    /// Puts the filled draft, which is on the disk, in place, leased to the caller; what it stands on is in place.
    ///
    /// If the same layer came in meanwhile, the draft is dropped and that one is leased.
    func commit(_ draft: LayerDraft, _ content: LayerContent) throws -> Layer {
        let chain = ChainID(content.diff, on: draft.base?.chain)
        let depth = (draft.base.flatMap { self.layer($0.chain)?.depth } ?? 0) + 1
        guard depth <= Layer.deepest else { throw StorageError.tooDeep(limit: Layer.deepest) }
        let layer = Layer(
            chain: chain,
            diff: content.diff,
            parent: draft.base?.chain,
            cacheID: draft.cacheID,
            size: content.size,
            depth: depth
        )
        if let aside = try makeWay(for: chain) { retire(aside, chain) }
        let placed = try state.withLock { try place(layer, draft, in: &$0) }
        if placed.cacheID != draft.cacheID { discard(draft) }
        return placed
    }

    private func place(_ layer: Layer, _ draft: LayerDraft, in state: inout State) throws -> Layer {
        if let known = state.layers[layer.chain] {
            state.needs[layer.chain, default: 0] += 1
            return known
        }
        try disclaim(layer.chain)
        try draft.folder.commit(to: layout.layer(layer.chain))
        state.layers[layer.chain] = layer
        state.needs[layer.chain, default: 0] += 1
        if let parent = layer.parent { state.needs[parent, default: 0] += 1 }
        return layer
    }

    /// Moves aside a layer of that name that could not be loaded; dockerd fails here for ever (moby#44909).
    private func makeWay(for chain: ChainID) throws -> FilePath? {
        try state.withLock { state in
            guard state.layers[chain] == nil, exists(layout.layer(chain)) else { return nil }
            return try layout.quarantine(layout.layer(chain))
        }
    }

    /// Deletes a damaged layer that is being replaced, unless a container may stand on it.
    private func retire(_ folder: FilePath, _ chain: ChainID) {
        log.warning("damaged layer replaced", metadata: ["layer": "\(chain)"])
        let isFree = state.withLock { state in
            state.mounts.values.allSatisfy { mount in mount.parent.map { state.layers[$0] != nil } ?? true }
        }
        guard isFree, let id = LayerReader.text(folder.appending("cache-id")).flatMap({ LayerID($0) }) else { return }
        let isUsed = state.withLock { state in state.layers.values.contains { $0.cacheID == id } }
        if !isUsed { finishRemoval(of: id, folder: folder) }
    }

    /// Takes the draft back: the driver's layer, then the journal that names it.
    func discard(_ draft: LayerDraft) {
        finishRemoval(of: draft.cacheID, folder: draft.folder.path)
    }

    /// A crash from now on makes the next start look whether anybody needs the layer.
    func disclaim(_ chain: ChainID) throws {
        try writeFile([], to: layout.unclaimed.appending(chain.hex), mode: FilePermissions(rawValue: 0o600))
    }

    /// An image stands on the layer now: a crash no longer makes it one that nobody wanted.
    func claim(_ chain: ChainID) {
        // What is left behind only makes the next start look whether somebody needs the layer.
        try? removeTree(layout.unclaimed.appending(chain.hex))
    }
}
