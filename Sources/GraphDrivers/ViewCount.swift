import Synchronization

/// How often each layer is open in this process: for drivers whose `open` takes something that the last `close` ends.
///
/// Only views of this process count. What another process mounted keeps a device or a server busy by itself.
public final class ViewCount: Sendable {
    private let counts = Mutex([LayerID: Int]())

    /// Nothing is open.
    public init() {}

    /// Counts one view more, made by `begin`: every time, so it must not mind what is there already.
    ///
    /// No other view of any layer begins or ends meanwhile.
    public func open<Result>(_ id: LayerID, _ begin: () throws -> Result) throws -> Result {
        try counts.withLock { counts in
            let result = try begin()
            counts[id, default: 0] += 1
            return result
        }
    }

    /// Counts one view less; calls `end` if that was the last, and for a surplus call.
    public func close(_ id: LayerID, _ end: () throws -> Void) throws {
        try counts.withLock { counts in
            let rest = max(0, (counts[id] ?? 0) - 1)
            counts[id] = rest == 0 ? nil : rest
            if rest == 0 { try end() }
        }
    }

    /// The layers of which a view is open: for a caller who has a lock that `begin` or `end` take, or wants to take it.
    public var openIDs: Set<LayerID> { counts.withLock { Set($0.keys) } }

    /// Whether a view is open.
    public func isOpen(_ id: LayerID) -> Bool { counts.withLock { $0[id] != nil } }
}
