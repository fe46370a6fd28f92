import GraphDrivers
import Linux
import Logging
import Synchronization
import SystemPackage

/// Remembers which containers may not have reached the disk.
///
/// Nobody waits for the disk when a container is made, so a loss of power may leave its names without its bytes. Until
/// the disk was flushed, which is done when it is half a minute old, a mark says so. The mark is a name, which gets to
/// the disk before any bytes, and it names the driver's layer: what it stands for can be removed whatever is lost. In it
/// is the boot it was made in: after a crash of the daemon alone nothing is lost.
final class YoungMounts: Sendable {
    private struct State {
        var marks: [String: LayerID] = [:]
        /// The names whose marks are of another boot: the power was gone since.
        var doubted: Set<String> = []
        /// The names that were there at the last flush: by the next one they are on the disk with all that belongs to them.
        var old: Set<String> = []
        /// The names that were there when a flush failed: nobody knows what of them is on the disk, in this boot.
        var lost: Set<String> = []
        /// Tells of every write that failed since the last flush.
        var flush: DiskFlush?
        var thread: OSThread?
        var isRunning = false
    }

    private static let interval: Int32 = 30_000
    private let layout: Layout
    private let log: Logger
    private let end: Alarm
    private let state = Mutex(State())

    init(layout: Layout, log: Logger) throws {
        self.layout = layout
        self.log = log
        end = try Alarm()
    }

    /// Reads the marks of earlier runs; returns those of another boot, which are the ones to doubt.
    func open() throws -> [(name: String, id: LayerID)] {
        let boot = Self.boot()
        let marks = try listFolder(layout.unsynced).compactMap { file -> (name: String, id: LayerID)? in
            guard let dot = file.lastIndex(of: ".") else { return nil }
            return LayerID(String(file[file.index(after: dot)...])).map { (String(file[..<dot]), $0) }
        }
        state.withLock { for mark in marks { $0.marks[mark.name] = mark.id } }
        if !marks.isEmpty { run() }
        let doubted = marks.filter { mark in
            // A mark that can't be read is one to doubt.
            let text = (try? readFile(path(mark.name, mark.id), limit: 64)) ?? []
            return text.isEmpty || text != boot
        }
        state.withLock { $0.doubted = Set(doubted.map(\.name)) }
        return doubted
    }

    /// Marks a container's layer that is about to be put in place.
    func mark(_ name: String, _ id: LayerID) throws {
        try writeFile(Self.boot(), to: path(name, id), mode: [.ownerReadWrite])
        state.withLock { $0.marks[name] = id }
        run()
    }

    /// The container is gone, or on the disk.
    func unmark(_ name: String) {
        let id = state.withLock { state in
            state.doubted.remove(name)
            state.lost.remove(name)
            return state.marks.removeValue(forKey: name)
        }
        guard let id else { return }
        // What is left behind only makes the next start look whether the container is whole.
        try? removeTree(path(name, id))
    }

    /// All that was doubted was looked at and is whole: it is no longer to be doubted, also when this process is killed.
    func trustDoubted() {
        let whole = state.withLock { state in
            defer { state.doubted = [] }
            return state.marks.filter { state.doubted.contains($0.key) }
        }
        // What can't be written only makes the next start look again.
        for (name, id) in whole { try? writeFile(Self.boot(), to: path(name, id), mode: [.ownerReadWrite]) }
    }

    /// Whether a loss of power may have taken something of the container.
    func isDoubted(_ name: String) -> Bool { state.withLock { $0.doubted.contains(name) } }

    /// Flushes a last time.
    func close() {
        end.ring()
        state.withLock { $0.thread }?.join()
        state.withLock { $0.old = Set($0.marks.keys).subtracting($0.lost) }
        _ = flush()
        state.withLock { $0.flush = nil }
    }

    private static func boot() -> [UInt8] {
        // Without it every mark is one to doubt, which is safe.
        (try? readFile("/proc/sys/kernel/random/boot_id", limit: 64)) ?? []
    }

    private func path(_ name: String, _ id: LayerID) -> FilePath { layout.unsynced.appending("\(name).\(id)") }

    /// Starts flushing at intervals, unless that is under way.
    private func run() {
        state.withLock { state in
            guard !state.isRunning else { return }
            do {
                // The last one has ended: it says so as its last step.
                state.thread?.join()
                state.flush = try DiskFlush(layout)
                state.thread = try OSThread { while !self.end.wait(milliseconds: Self.interval), self.flush() {} }
                state.isRunning = true
            } catch { log.warning("containers are not flushed yet", metadata: ["error": "\(error)"]) }
        }
    }

    /// Flushes the disk; false when there is nothing left to do.
    private func flush() -> Bool {
        let (old, flush) = state.withLock { state in
            state.isRunning = !state.marks.isEmpty
            return (state.isRunning ? state.old.intersection(state.marks.keys) : nil, state.flush)
        }
        guard let old else { return false }
        if !old.isEmpty, let flush {
            do {
                let next = try DiskFlush(layout)
                // It tells of a failed write once: who fails is not asked again.
                state.withLock { $0.flush = next }
                try flush()
                for name in old { unmark(name) }
            } catch {
                log.warning("containers could not be flushed", metadata: ["error": "\(error)"])
                state.withLock { $0.lost.formUnion($0.marks.keys) }
            }
        }
        state.withLock { $0.old = Set($0.marks.keys).subtracting($0.lost) }
        return true
    }
}
