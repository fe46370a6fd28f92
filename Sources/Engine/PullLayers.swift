import Archive
import Linux
import OCI
import Registry
import Storage
import Synchronization

extension ImagePull {
    /// Fetches and unpacks the layers that are not here, all that can at the same time, and makes the image.
    func takeIn(
        _ manifest: Manifest,
        _ config: [UInt8],
        _ names: [Reference],
        _ repository: RemoteRepository
    ) throws -> (id: ImageID, isNew: Bool) {
        let diffs = try Store.diffIDs(of: config)
        guard manifest.layers.count == diffs.count else {
            throw RegistryError.malformed(
                url: reference.familiar,
                reason: "its manifest has \(manifest.layers.count) layers, its configuration \(diffs.count)"
            )
        }
        for layer in manifest.layers where layer.size < 0 || layer.size > store.limits.expandedBytes {
            throw RegistryError.malformed(url: reference.familiar, reason: "a layer of \(layer.size) bytes")
        }
        let fetching = PullFetching(self, repository)
        defer { fetching.end() }
        let planned = zip(manifest.layers, diffs).map { descriptor, diff in
            PlannedLayer(blob: descriptor, diff: diff) { try fetching.source(of: descriptor.digest) }
        }
        let result = try fetching.unpacking {
            try store.takeIn(
                config: config,
                layers: planned,
                references: names,
                need: { try fetching.begin(manifest.layers, $0) },
                giveUp: { try cancellation.check() },
                unpacked: { fetching.empty() },
                progress: { fetching.took($0) }
            )
        }
        fetching.done()
        for (layer, diff) in zip(manifest.layers, diffs) {
            store.note(diff, isIn: reference.name, as: layer.digest)
        }
        return result
    }
}

/// The downloads of one pull, and what is told of them.
private final class PullFetching: Sendable {
    private struct Line {
        let id: String
        let download: Download
        var taken: Int64 = 0
        var isReleased = false
        /// What was said last.
        var said = TransferProgress("")
    }

    private let pull: ImagePull
    private let repository: RemoteRepository
    private let lines = Mutex<[(digest: Digest, line: Line)]>([])
    private let ticker = Mutex<(alarm: Alarm, thread: OSThread)?>(nil)

    init(_ pull: ImagePull, _ repository: RemoteRepository) {
        self.pull = pull
        self.repository = repository
    }

    /// Begins to fetch what is needed, the lowest first; says of the others that they are here.
    func begin(_ all: [Descriptor], _ needed: [PlannedLayer]) throws {
        let wanted = Set(needed.compactMap(\.blob))
        for layer in all {
            let status = wanted.contains(layer.digest) ? "Pulling fs layer" : "Already exists"
            pull.report(TransferProgress(status, id: layer.digest.short))
        }
        var begun: Set<Digest> = []
        for layer in all where wanted.contains(layer.digest) && begun.insert(layer.digest).inserted {
            let download = try pull.registry.downloads.begin(layer, from: repository)
            lines.withLock { $0.append((layer.digest, Line(id: layer.digest.short, download: download))) }
        }
        let alarm = try Alarm()
        let thread = try OSThread { [self] in while !alarm.wait(milliseconds: 100) { tell() } }
        ticker.withLock { $0 = (alarm, thread) }
    }

    func source(of blob: Digest) throws -> any ByteSource {
        let download = lines.withLock { $0.first { $0.digest == blob }?.line.download }
        guard let download else { throw RegistryError.malformed(url: "\(blob)", reason: "nobody fetches it") }
        return download.source(pull.cancellation)
    }

    func took(_ progress: LayerProgress) {
        lines.withLock { lines in
            for index in lines.indices where lines[index].digest == progress.layer.blob {
                lines[index].line.taken = progress.taken
            }
        }
    }

    /// The image is there.
    func done() {
        stopTicker()
        tell()
        for line in lines.withLock({ $0.map(\.line) }) { pull.report(TransferProgress("Pull complete", id: line.id)) }
    }

    /// Deletes what was fetched and is unpacked: it need not get to the disk with what was unpacked.
    func empty() { release(isTaken: true) }

    /// Gives back the downloads; what was fetched and not unpacked stays for the next one.
    func end() {
        stopTicker()
        release(isTaken: false)
    }

    private func release(isTaken: Bool) {
        let left = lines.withLock { lines in
            defer { for index in lines.indices { lines[index].line.isReleased = true } }
            return lines.map(\.line).filter { !$0.isReleased }
        }
        for line in left { line.download.release(isTaken: isTaken) }
    }

    /// Runs `body`; what came and could not be unpacked is not gone on with.
    func unpacking<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch {
            if error is StorageError || error is ArchiveError {
                for line in lines.withLock({ $0.map(\.line) }) { line.download.distrust() }
            }
            throw error
        }
    }

    private func stopTicker() {
        let running = ticker.withLock { ticker in
            defer { ticker = nil }
            return ticker
        }
        running?.alarm.ring()
        running?.thread.join()
    }

    /// Says what is new since the last time.
    private func tell() {
        lines.withLock { lines in
            for index in lines.indices {
                for said in Self.news(lines[index].line) {
                    lines[index].line.said = said
                    pull.report(said)
                }
            }
        }
    }

    private static func news(_ line: Line) -> [TransferProgress] {
        let (have, isWhole, note) = line.download.progress
        let size = line.download.size
        if !isWhole {
            if have == 0, note == nil { return [] }
            let now =
                note.map { TransferProgress($0, id: line.id) }
                ?? TransferProgress("Downloading", id: line.id, current: have, total: size)
            return now == line.said ? [] : [now]
        }
        var news: [TransferProgress] = []
        if !["Download complete", "Extracting"].contains(line.said.status) {
            news = ["Verifying Checksum", "Download complete"].map { TransferProgress($0, id: line.id) }
        }
        let extracting = TransferProgress("Extracting", id: line.id, current: line.taken, total: size)
        if line.taken > 0, extracting != line.said { news.append(extracting) }
        return news
    }
}
