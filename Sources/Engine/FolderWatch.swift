import Linux
import SystemPackage

/// Tells when files of a folder are written to, made or renamed.
final class FolderWatch: Sendable {
    /// An element after one change or several; ends when the watch is gone.
    let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let watches: FolderWatches
    private let place: FolderWatches.Place

    /// Throws where the folder is not there, or the user has no watches left (`fs.inotify.max_user_watches`).
    init(_ folder: FilePath, in watches: FolderWatches) throws {
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.watches = watches
        place = try watches.add(folder, continuation)
    }

    deinit {
        watches.remove(place)
        continuation.finish()
    }

    /// Makes an element without a change.
    func wake() { continuation.yield() }
}
