import Dispatch
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Tells when files of a folder are written to, made or renamed (`man 7 inotify`).
final class FolderWatch: Sendable {
    /// An element after one change or several; ends when the watch is gone.
    let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let source: Mutex<any DispatchSourceRead>

    /// Throws where the folder is not there, or the user has no watches left (`fs.inotify.max_user_watches`).
    init(_ folder: FilePath) throws {
        let descriptor = try sys("make a watch") { inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK)) }
        let watch = OwnedDescriptor(descriptor)
        try sys("watch \(folder)") {
            inotify_add_watch(watch.rawValue, folder.string, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
        }
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        source = Mutex(
            DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: "varve.watch"))
        )
        let owned = watch.release()
        source.withLock { [continuation] source in
            source.setEventHandler {
                // What happened does not matter, only that it did.
                var buffer = [UInt8](repeating: 0, count: 4096)
                while read(owned.rawValue, &buffer, buffer.count) > 0 {}
                continuation.yield()
            }
            source.setCancelHandler { try? owned.close() }
            source.activate()
        }
    }

    deinit {
        source.withLock { $0.cancel() }
        continuation.finish()
    }

    /// Makes an element without a change.
    func wake() { continuation.yield() }
}
