package import DockerAPI
import Metrics
import OCI
import Storage
import Synchronization

/// What happened, for whoever listens: the last 256 events, and everything from now on.
package final class Events: Sendable {
    private struct State {
        var recent: [EventMessage] = []
        var listeners: [Int: AsyncStream<EventMessage>.Continuation] = [:]
        var next = 0
        var lastTime: Int64 = 0
    }

    private let state = Mutex(State())
    private let emitted: Counter

    init(_ emitted: Counter) { self.emitted = emitted }

    /// How many listen.
    var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Tells everyone.
    func emit(_ type: String, _ action: String, id: String, attributes: [String: String]) {
        emitted.add()
        state.withLock { state in
            let now = Timestamp.now
            // Strictly rising: clients sort by it.
            let nanoseconds = max(now.seconds * 1_000_000_000 + Int64(now.nanoseconds), state.lastTime + 1)
            state.lastTime = nanoseconds
            var actor = EventActor()
            actor.id = id
            actor.attributes = attributes
            var event = EventMessage(actor: actor)
            event.type = type
            event.action = action
            event.scope = "local"
            event.time = nanoseconds / 1_000_000_000
            event.timeNano = nanoseconds
            if type == "container" || type == "image" {
                event.status = action
                event.id = id
                event.from = attributes["image"]
            }
            state.recent.append(event)
            if state.recent.count > 256 { state.recent.removeFirst() }
            for listener in state.listeners.values { listener.yield(event) }
        }
    }

    /// Events that are remembered, from `since` (nanoseconds) on, and then, unless `past` only, those to come.
    package func stream(since: Int64?, past: Bool) -> AsyncStream<EventMessage> {
        AsyncStream(bufferingPolicy: .bufferingNewest(4096)) { continuation in
            state.withLock { state in
                if let since { for event in state.recent where event.timeNano >= since { continuation.yield(event) } }
                if past { return continuation.finish() }
                state.next += 1
                let ticket = state.next
                state.listeners[ticket] = continuation
                continuation.onTermination = { [weak self] _ in
                    _ = self?.state.withLock { $0.listeners.removeValue(forKey: ticket) }
                }
            }
        }
    }
}
