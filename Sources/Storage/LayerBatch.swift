import OCI

/// The layers of an archive's images: those that were there, leased, and drafts of the others.
final class LayerBatch {
    private let layers: LayerDatabase
    private var leased: [Layer] = []
    private var jobs: [LayerJob] = []

    init(_ layers: LayerDatabase) { self.layers = layers }

    /// Whether there is a draft, thus something to flush.
    var hasDrafts: Bool { !jobs.isEmpty }

    /// The layer to make another on, if it is in place, or an earlier image of the archive has it.
    func find(_ chain: ChainID) -> LayerBase? {
        if let job = jobs.first(where: { $0.base.chain == chain }) { return job.base }
        guard let layer = layers.lease(chain) else { return nil }
        leased.append(layer)
        return LayerBase(chain: chain, cacheID: layer.cacheID)
    }

    /// Takes over a draft; each comes after the one it is made on.
    func add(_ job: LayerJob) { jobs.append(job) }

    /// Puts all drafts in place, which are on the disk by now.
    func commit() throws {
        while let job = jobs.first, let content = job.content {
            leased.append(try layers.commit(job.draft, content))
            jobs.removeFirst()
        }
    }

    /// Leaves the layers to the images that have them; drafts, and layers that nobody has, go.
    func end() {
        for job in jobs.reversed() { layers.discard(job.draft) }
        for layer in leased.reversed() { layers.release(layer.chain) }
        jobs = []
        leased = []
    }
}
