import Synchronization

/// How often each layer is open in this process: for drivers whose `open` takes something that the last `close` ends.
///
/// Only views of this process count. What another process mounted keeps a device or a server busy by itself.
public final class ViewCount: Sendable {
    /// One layer's views.
    private final class Views: Sendable { let count = Mutex(0) }

    private struct Layer {
        let views = Views()
        /// Calls under way.
        var callers = 0
    }

    /// The layers that are open, or that a call is about.
    private let layers = Mutex([LayerID: Layer]())

    /// Nothing is open.
    public init() {}

    /// Counts one view more, made by `begin`: every time, so it must not mind what is there already.
    ///
    /// No other view of the layer begins or ends meanwhile; those of other layers do.
    public func open<Result>(_ id: LayerID, _ begin: () throws -> Result) throws -> Result {
        try withCount(of: id) { count in
            let result = try begin()
            count += 1
            return result
        }
    }

    /// Counts one view less; calls `end` if that was the last, and for a surplus call.
    public func close(_ id: LayerID, _ end: () throws -> Void) throws {
        try withCount(of: id) { count in
            count = max(0, count - 1)
            if count == 0 { try end() }
        }
    }

    /// The layers of which a view is open; waits for those that begin or end, so it is not for who holds a lock that they
    /// take.
    public var openIDs: Set<LayerID> {
        let known = layers.withLock { Array($0.keys) }
        return Set(known.filter(isOpen))
    }

    /// Whether a view is open; waits for one that begins or ends.
    public func isOpen(_ id: LayerID) -> Bool { withCount(of: id) { $0 > 0 } }

    private func withCount<Result>(of id: LayerID, _ body: (inout Int) throws -> Result) rethrows -> Result {
        let views = layers.withLock { layers in
            layers[id, default: Layer()].callers += 1
            return layers[id, default: Layer()].views
        }
        defer {
            layers.withLock { layers in
                layers[id]?.callers -= 1
                // The last caller: nobody else has, or waits for, the count.
                if layers[id]?.callers == 0, views.count.withLock({ $0 == 0 }) { layers[id] = nil }
            }
        }
        return try views.count.withLock { try body(&$0) }
    }
}
