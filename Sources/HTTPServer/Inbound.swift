import Dispatch
import NIOCore
import NIOHTTP1
import Synchronization

/// What a connection received and nobody has taken yet.
///
/// Filled on the event loop, emptied by the one task (or blocking thread) that serves the connection. While more than
/// `high` bytes wait, the channel does not read: the client is held back, and memory stays constant.
final class Inbound: Sendable {
    enum Part: Sendable { case head(HTTPRequestHead), body(ByteBuffer), end }

    private static let high = 1 << 20
    private static let low = 1 << 19

    private enum Waiter {
        case task(CheckedContinuation<Part?, Never>)
        case thread(DispatchSemaphore)
    }

    private struct State {
        var parts = CircularBuffer<Part>()
        var bytes = 0
        var isPaused = false
        var ended = false
        var waiter: Waiter?
    }

    private let state = Mutex(State())
    private let channel: any Channel

    init(channel: any Channel) { self.channel = channel }

    /// Called on the event loop.
    func deliver(_ part: Part) {
        let (waiter, pause) = state.withLock { state -> (Waiter?, Bool) in
            let waiter = state.waiter
            state.waiter = nil
            if case .task = waiter { return (waiter, false) }
            state.parts.append(part)
            state.bytes += part.size
            guard state.bytes > Self.high, !state.isPaused else { return (waiter, false) }
            state.isPaused = true
            return (waiter, true)
        }
        if pause { _ = channel.setOption(.autoRead, value: false) }
        switch waiter {
        case .task(let continuation): continuation.resume(returning: part)
        case .thread(let semaphore): semaphore.signal()
        case nil: break
        }
    }

    /// Nothing more will come: the client shut its sending side or the connection.
    func finish() {
        let waiter = state.withLock { state -> Waiter? in
            state.ended = true
            defer { state.waiter = nil }
            return state.waiter
        }
        switch waiter {
        case .task(let continuation): continuation.resume(returning: nil)
        case .thread(let semaphore): semaphore.signal()
        case nil: break
        }
    }

    /// The next part; nil at the end of what the client sends.
    func next() async -> Part? {
        if let ready = take() { return ready }
        return await withCheckedContinuation { continuation in
            let now: Part?? = state.withLock { state in
                if let part = Self.pop(&state) { return .some(part) }
                if state.ended { return .some(nil) }
                state.waiter = .task(continuation)
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    /// The same on a thread that may block.
    func nextBlocking() -> Part? {
        while true {
            if let ready = take() { return ready }
            let semaphore = DispatchSemaphore(value: 0)
            let waits = state.withLock { state -> Bool? in
                guard state.parts.isEmpty else { return false }
                guard !state.ended else { return nil }
                state.waiter = .thread(semaphore)
                return true
            }
            guard let waits else { return nil }
            if waits { semaphore.wait() }
        }
    }

    /// Everything that waits, for who takes the connection over on its event loop; reading may go on after it.
    func takeAll() -> [ByteBuffer] {
        state.withLock { state in
            var all: [ByteBuffer] = []
            while let part = Self.pop(&state) {
                if case .body(let bytes) = part { all.append(bytes) }
            }
            state.isPaused = false
            return all
        }
    }

    private func take() -> Part? {
        let (part, resume) = state.withLock { state -> (Part?, Bool) in
            let part = Self.pop(&state)
            guard state.isPaused, state.bytes <= Self.low else { return (part, false) }
            state.isPaused = false
            return (part, true)
        }
        if resume { _ = channel.setOption(.autoRead, value: true) }
        return part
    }

    private static func pop(_ state: inout State) -> Part? {
        guard let part = state.parts.popFirst() else { return nil }
        state.bytes -= part.size
        return part
    }
}

extension Inbound.Part {
    /// What it takes in memory, about: who sends heads and reads no answers is held back, too.
    fileprivate var size: Int {
        switch self {
        case .head(let head):
            head.headers.reduce(256 + head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        case .body(let bytes): bytes.readableBytes
        case .end: 64
        }
    }
}
