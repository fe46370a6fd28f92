import GraphDrivers
import Synchronization

/// One at a time for each layer: a client that was killed does not know that what it asked for is still being done.
final class LayerLocks: Sendable {
    private final class Lock: Sendable { let held = Mutex(()) }
    private let locks = Mutex([LayerID: (lock: Lock, users: Int)]())

    /// Runs `body` while nobody else has the layer.
    func with<Result>(_ id: LayerID, _ body: () throws -> Result) rethrows -> Result {
        let lock = locks.withLock { locks in
            let lock = locks[id]?.lock ?? Lock()
            locks[id] = (lock, (locks[id]?.users ?? 0) + 1)
            return lock
        }
        defer {
            locks.withLock { locks in
                let users = (locks[id]?.users ?? 1) - 1
                locks[id] = users == 0 ? nil : (lock, users)
            }
        }
        return try lock.held.withLock { _ in try body() }
    }
}
