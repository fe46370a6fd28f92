import Dispatch
import Glibc
import Linux
import Synchronization
import SystemPackage

/// The kernel's side of all watches (`man 7 inotify`).
///
/// One instance for all of them, and one watch a folder: a user has few instances (`fs.inotify.max_user_instances`), and
/// hundreds may follow one log.
final class FolderWatches: Sendable {
    /// Which folder, and which of its watchers.
    struct Place: Sendable {
        fileprivate let folder: CInt
        fileprivate let watcher: Int
    }

    private struct State {
        var source: (any DispatchSourceRead)?
        var descriptor: CInt = -1
        var watchers: [CInt: [Int: AsyncStream<Void>.Continuation]] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    deinit { state.withLock { $0.source?.cancel() } }

    func add(_ folder: FilePath, _ continuation: AsyncStream<Void>.Continuation) throws -> Place {
        try state.withLock { state in
            if state.source == nil { (state.descriptor, state.source) = try makeSource() }
            let events = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)
            let number = try sys("watch \(folder)") { inotify_add_watch(state.descriptor, folder.string, events) }
            state.next += 1
            state.watchers[number, default: [:]][state.next] = continuation
            return Place(folder: number, watcher: state.next)
        }
    }

    func remove(_ place: Place) {
        state.withLock { state in
            // A folder that was deleted took its watch with it.
            guard state.watchers[place.folder]?.removeValue(forKey: place.watcher) != nil,
                state.watchers[place.folder]?.isEmpty == true
            else { return }
            state.watchers[place.folder] = nil
            inotify_rm_watch(state.descriptor, place.folder)
        }
    }

    /// How many folders are watched.
    var count: Int { state.withLock { $0.watchers.count } }

    private func makeSource() throws -> (CInt, any DispatchSourceRead) {
        let descriptor = try sys("make watches") { inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK)) }
        let source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor,
            queue: DispatchQueue(label: "varve.watch")
        )
        source.setEventHandler { [weak self] in self?.hear(descriptor) }
        source.setCancelHandler { Glibc.close(descriptor) }
        source.activate()
        return (descriptor, source)
    }

    private func hear(_ descriptor: CInt) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            buffer.withUnsafeBytes { pass(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// What happened does not matter, only that it did; so each folder is told once.
    private func pass(_ events: UnsafeRawBufferPointer) {
        var folders: Set<CInt> = []
        var gone: Set<CInt> = []
        var hasMissed = false
        var offset = 0
        let head = MemoryLayout<inotify_event>.size
        while events.count - offset >= head {
            let folder = events.loadUnaligned(fromByteOffset: offset, as: CInt.self)
            let mask = events.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
            folders.insert(folder)
            if mask & UInt32(IN_IGNORED) != 0 { gone.insert(folder) }
            hasMissed = hasMissed || mask & UInt32(IN_Q_OVERFLOW) != 0
            offset += head + Int(events.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
        }
        state.withLock { state in
            for (folder, watchers) in state.watchers where hasMissed || folders.contains(folder) {
                for watcher in watchers.values { watcher.yield() }
            }
            for folder in gone { state.watchers[folder] = nil }
        }
    }
}
