import Glibc
import Linux
package import Logging
package import OCI
import Synchronization
package import SystemPackage

/// Blobs on their way from registries, each once however many wait for it, a few at a time.
///
/// What came of a blob stays in `folder` until it is whole and unpacked: a download that was cut, also by this process's
/// end, goes on where it was.
package final class Downloads: Sendable {
    let folder: FilePath
    let log: Logger
    private let limits: Mutex<(slots: Int, attempts: Int)>
    /// How many may still begin.
    private let slots: Waitable<Int>
    private let running = Mutex<[Digest: Download]>([:])
    private let received = Atomic(0)
    /// Who began a download and never took it has so many days.
    private static let days = 7

    package init(folder: FilePath, _ settings: RegistrySettings, _ log: Logger) throws {
        self.folder = folder
        self.log = log
        limits = Mutex((max(1, settings.downloads), max(1, settings.attempts)))
        slots = Waitable(max(1, settings.downloads))
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        for name in try listFolder(folder) {
            var status = stat()
            let path = folder.appending(name)
            let isOld =
                lstat(path.string, &status) == 0 && time(nil) - status.st_mtim.tv_sec > Self.days * 24 * 60 * 60
            if isOld || Digest(hex: name) == nil { try? removeTree(path) }
        }
    }

    /// How often a download that brings nothing is tried.
    var attempts: Int { limits.withLock { $0.attempts } }

    /// How many bytes came since this began.
    package var receivedBytes: Int { received.load(ordering: .relaxed) }

    func count(received bytes: Int) { received.add(bytes, ordering: .relaxed) }

    /// From now on these limits count; what is under way goes on, also where fewer may be.
    package func change(_ settings: RegistrySettings) {
        let more = limits.withLock { limits in
            let new = max(1, settings.downloads)
            defer { limits = (new, max(1, settings.attempts)) }
            return new - limits.slots
        }
        slots.withLock { $0 += more }
    }

    /// Begins to fetch a blob, or joins those who wait for it; who is given a download must `release` it.
    package func begin(_ blob: Descriptor, from source: RemoteRepository) throws -> Download {
        try running.withLock { running in
            if let download = running[blob.digest], download.join() { return download }
            let download = try Download(blob, self)
            // Whoever joins one without a thread waits for ever.
            try download.start(source)
            running[blob.digest] = download
            return download
        }
    }

    /// Runs `body`, which says whether nobody waits for the download any more, while nobody can join it.
    ///
    /// It is told whether the file of that name is this download's alone: one that failed may have a successor on it.
    func leave(_ download: Download, _ body: (_ isOwn: Bool) -> Bool) -> Bool {
        running.withLock { running in
            let isOwn = running[download.digest] === download
            let isLast = body(isOwn)
            if isLast, isOwn { running[download.digest] = nil }
            return isLast
        }
    }

    /// Runs `body` when it is its turn.
    func whenFree<Result>(_ cancellation: Cancellation, _ body: () throws -> Result) throws -> Result {
        while slots.wait(milliseconds: 200, { $0 > 0 ? ($0 -= 1) : nil }) == nil { try cancellation.check() }
        defer { slots.withLock { $0 += 1 } }
        return try body()
    }
}
