import Archive
import Linux
import OCI
import Synchronization

/// One layer on its way from the archive to the driver.
final class LayerJob: Sendable {
    let draft: LayerDraft
    let planned: PlannedLayer
    private let number: Int
    private let counter = ByteCounter()
    private let reported = Mutex<Int64>(-1)
    private let result = Mutex<Result<LayerContent, any Error>?>(nil)

    init(_ planned: PlannedLayer, number: Int, draft: LayerDraft) {
        self.planned = planned
        self.number = number
        self.draft = draft
    }

    /// What the next layer is made on.
    var base: LayerBase { LayerBase(chain: ChainID(planned.diff, on: draft.base?.chain), cacheID: draft.cacheID) }

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
    func run(_ layers: LayerDatabase, _ limits: ArchiveLimits) throws {
        let content: LayerContent
        do {
            let tar = try Decompressor(CountingSource(planned.open(), counter), limits: limits)
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
        .badArchive(member: planned.name, reason: reason, remedy: "the archive is damaged; make it again")
    }

    /// Says how far it is, if it got any further; called by one thread.
    func report(_ progress: (LayerProgress) -> Void) {
        let now = counter.value
        guard now > 0, reported.withLock({ $0 != now }) else { return }
        reported.withLock { $0 = now }
        progress(LayerProgress(layer: planned, taken: now))
    }
}

/// How much of a layer was taken in.
package struct LayerProgress: Sendable {
    package let layer: PlannedLayer
    /// Bytes of those that come.
    package let taken: Int64
}

/// Counts what it passes on.
private final class CountingSource: ByteSource {
    private let source: any ByteSource
    private let counter: ByteCounter

    init(_ source: any ByteSource, _ counter: ByteCounter) { (self.source, self.counter) = (source, counter) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try source.read(into: buffer)
        counter.add(count)
        return count
    }
}
