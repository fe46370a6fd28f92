import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

/// Remembers which layers may not have reached the disk, and gets them there behind everybody's back.
///
/// Layers are put in place without waiting for the disk. A mark in `varve/unsynced/` is made before, so in any order in
/// which a journaling file system loses the last seconds a layer in place has its mark; it goes when `syncfs` returned.
/// The mark holds the boot it was made in: after a crash of the daemon alone nothing was lost, and nothing is proved.
final class Flusher: Sendable {
    private struct State {
        var marked: Set<ChainID> = []
        var isRunning = false
        var thread: OSThread?
    }

    private let layout: Layout
    private let log: Logger
    private let state = Mutex(State())

    init(layout: Layout, log: Logger) {
        self.layout = layout
        self.log = log
    }

    /// Marks a layer that is about to be put in place.
    func mark(_ chain: ChainID) throws {
        let mode = FilePermissions(rawValue: 0o600)
        try writeFile(Array(Self.boot().utf8), to: layout.unsynced.appending(chain.hex), mode: mode)
        state.withLock { _ = $0.marked.insert(chain) }
    }

    /// The layer is gone, and its mark with it.
    func unmark(_ chain: ChainID) {
        state.withLock { _ = $0.marked.remove(chain) }
        // A mark without a layer is removed at the next start.
        try? removeTree(layout.unsynced.appending(chain.hex))
    }

    /// The marks that are there, and whether the machine may have lost what they stand for.
    func leftOver() throws -> [(chain: ChainID, isDoubtful: Bool)] {
        let boot = Self.boot()
        return try listFolder(layout.unsynced).compactMap { name in
            guard let digest = Digest(hex: name) else { return nil }
            // An unreadable mark is a doubtful one.
            let text = (try? readFile(layout.unsynced.appending(name), limit: 64)) ?? []
            return (ChainID(digest), String(decoding: text, as: UTF8.self) != boot || boot.isEmpty)
        }
    }

    /// Takes over marks of an earlier run.
    func adopt(_ chains: [ChainID]) { state.withLock { $0.marked.formUnion(chains) } }

    /// Starts flushing what is marked, unless that is under way already.
    func flush() {
        state.withLock { state in
            guard !state.isRunning, !state.marked.isEmpty else { return }
            do {
                // The last round's thread has ended: it says so as its last step.
                state.thread?.join()
                state.thread = try OSThread { self.run() }
                state.isRunning = true
            } catch { log.warning("layers are not flushed yet", metadata: ["error": "\(error)"]) }
        }
    }

    /// Waits for the round under way.
    func finish() {
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    private func run() {
        while let chains = state.withLock({ next(&$0) }) {
            do {
                for folder in [layout.driverHome, layout.layers] { try syncFileSystem(of: folder) }
                for chain in chains { unmark(chain) }
            } catch {
                log.warning("layers could not be flushed", metadata: ["error": "\(error)"])
                state.withLock { $0.isRunning = false }
                return
            }
        }
    }

    private func next(_ state: inout State) -> Set<ChainID>? {
        state.isRunning = !state.marked.isEmpty
        return state.marked.isEmpty ? nil : state.marked
    }

    private static func boot() -> String {
        // Without it every mark is doubtful, which is safe.
        let text = (try? readFile("/proc/sys/kernel/random/boot_id", limit: 64)) ?? []
        return String(decoding: text.prefix { $0 != 0x0a }, as: UTF8.self)
    }
}
