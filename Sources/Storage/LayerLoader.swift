import Archive
import GraphDrivers
import Linux
import OCI
import Synchronization

/// Unpacks an image's layers, one on the other.
///
/// Where the driver can unpack a layer before its parent is unpacked, two are unpacked at once; they are made from the
/// bottom up.
struct LayerLoader {
    let layers: LayerDatabase
    let limits: ArchiveLimits
    /// As many as this machine's smallest sensible host has processors, so that loading leaves room for others on a larger.
    private static let atOnce = 2

    /// Unpacks one image's layers, bottom first, into `batch`; those that are there already are taken as they are.
    ///
    /// `need` is told of the others before the first byte of them is asked for.
    func unpack(
        _ planned: [PlannedLayer],
        into batch: LayerBatch,
        need: ([PlannedLayer]) throws -> Void = { _ in },
        _ progress: (LayerProgress) -> Void
    ) throws {
        guard planned.count <= Layer.deepest else { throw StorageError.tooDeep(limit: Layer.deepest) }
        var base: LayerBase?
        var rest = planned[...]
        while let next = rest.first, let known = batch.find(ChainID(next.diff, on: base?.chain)) {
            base = known
            rest.removeFirst()
        }
        try need(Array(rest))
        let step = layers.driver.capabilities.contains(.independentApply) ? max(rest.count, 1) : 1
        while !rest.isEmpty {
            var jobs: [LayerJob] = []
            for layer in rest.prefix(step) {
                let job = LayerJob(layer, number: planned.count - rest.count, draft: try layers.begin(on: base))
                batch.add(job)
                jobs.append(job)
                base = job.base
                rest.removeFirst()
            }
            try run(jobs, progress)
        }
    }

    private func run(_ jobs: [LayerJob], _ progress: (LayerProgress) -> Void) throws {
        let (layers, limits) = (self.layers, self.limits)
        let pipe = try Alarm()
        let thread = try OSThread {
            defer { pipe.ring() }
            do {
                try inParallel(jobs.count, width: Self.atOnce) { try jobs[$0].run(layers, limits) }
            } catch { jobs.first?.fail(error) }
        }
        while !pipe.wait(milliseconds: 100) { for job in jobs { job.report(progress) } }
        thread.join()
        for job in jobs { job.report(progress) }
        if let error = jobs.first?.failure { throw error }
    }
}
