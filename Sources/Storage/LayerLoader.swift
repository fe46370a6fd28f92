import Archive
import GraphDrivers
import Linux
import OCI
import Synchronization
import SystemPackage

/// Puts an archive's layers in place, one on the other.
///
/// Where the driver can unpack a layer before its parent is unpacked, two are unpacked at once; they are made, and put in
/// place, from the bottom up.
struct LayerLoader {
    let layers: LayerDatabase
    let spool: Spool
    let limits: ArchiveLimits
    /// As many as this machine's smallest sensible host has processors, so that loading leaves room for others on a larger.
    private static let atOnce = 2

    /// Returns all layers, bottom first, each leased; those that are there already are taken as they are.
    func load(_ planned: [PlannedLayer], _ progress: (LoadProgress) -> Void) throws -> [Layer] {
        var leased: [Layer] = []
        do {
            var rest = planned[...]
            while let next = rest.first, let known = layers.lease(ChainID(next.diff, on: leased.last?.chain)) {
                leased.append(known)
                rest.removeFirst()
            }
            guard planned.count <= Layer.deepest else { throw StorageError.tooDeep(limit: Layer.deepest) }
            let step = layers.driver.capabilities.contains(.independentApply) ? max(rest.count, 1) : 1
            while !rest.isEmpty {
                try unpack(rest.prefix(step), from: planned.count - rest.count, on: &leased, progress)
                rest = rest.dropFirst(step)
            }
            return leased
        } catch {
            for layer in leased.reversed() { layers.release(layer.chain) }
            throw error
        }
    }

    /// Unpacks layers that may be unpacked in any order, then puts them in place.
    private func unpack(
        _ planned: ArraySlice<PlannedLayer>,
        from number: Int,
        on leased: inout [Layer],
        _ progress: (LoadProgress) -> Void
    ) throws {
        var jobs: [LayerJob] = []
        do {
            for layer in planned {
                let parent = jobs.last?.draft.cacheID ?? leased.last?.cacheID
                let draft = try layers.begin(on: parent)
                jobs.append(LayerJob(layer, number: number + jobs.count, draft: draft))
            }
            try run(jobs, progress)
            while let job = jobs.first, let content = job.content {
                leased.append(try layers.commit(job.draft, content, on: leased.last))
                jobs.removeFirst()
            }
        } catch {
            for job in jobs.reversed() { layers.discard(job.draft) }
            throw error
        }
    }

    private func run(_ jobs: [LayerJob], _ progress: (LoadProgress) -> Void) throws {
        let (layers, spool, limits) = (self.layers, self.spool, self.limits)
        let pipe = try Alarm()
        let thread = try OSThread {
            defer { pipe.ring() }
            do {
                try inParallel(jobs.count, width: Self.atOnce) { try jobs[$0].run(layers, spool, limits) }
            } catch { jobs.first?.fail(error) }
        }
        while !pipe.wait(milliseconds: 100) { for job in jobs { job.report(progress) } }
        thread.join()
        for job in jobs { job.report(progress) }
        if let error = jobs.first?.failure { throw error }
    }
}

/// One layer on its way from the archive to the driver.
private final class LayerJob: Sendable {
    let draft: LayerDraft
    private let planned: PlannedLayer
    private let number: Int
    private let counter = ByteCounter()
    private let reported = Mutex<Int64>(-1)
    private let result = Mutex<Result<LayerContent, any Error>?>(nil)

    init(_ planned: PlannedLayer, number: Int, draft: LayerDraft) {
        self.planned = planned
        self.number = number
        self.draft = draft
    }

    var content: LayerContent? {
        result.withLock {
            guard case .success(let content) = $0 else { return nil }
            return content
        }
    }

    var failure: (any Error)? {
        result.withLock {
            guard case .failure(let error) = $0 else { return nil }
            return error
        }
    }

    func fail(_ error: any Error) { result.withLock { $0 = .failure(error) } }

    /// Unpacks, and proves that the digest is what the image's configuration says.
    func run(_ layers: LayerDatabase, _ spool: Spool, _ limits: ArchiveLimits) throws {
        let content: LayerContent
        do {
            let tar = try Decompressor(spool.source(of: planned.member, counter: counter), limits: limits)
            content = try layers.fill(draft, from: tar)
        } catch let error as ArchiveError {
            throw bad("\(error)")
        }
        guard content.diff == planned.diff else {
            throw bad("invalid diffID for layer \(number): expected \"\(planned.diff)\", got \"\(content.diff)\"")
        }
        result.withLock { $0 = .success(content) }
    }

    private func bad(_ reason: String) -> StorageError {
        .badArchive(member: planned.member.name, reason: reason, remedy: "the archive is damaged; make it again")
    }

    /// Says how far it is, if it got any further; called by one thread.
    func report(_ progress: (LoadProgress) -> Void) {
        let now = counter.value
        guard now > 0, reported.withLock({ $0 != now }) else { return }
        reported.withLock { $0 = now }
        progress(
            LoadProgress(layer: planned.diff, status: "Loading layer", current: now, total: planned.member.size)
        )
    }
}
