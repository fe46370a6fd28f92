import Dispatch
import NIOCore
import Synchronization

/// Sends bytes to the client, in order, holding the sender back while more than `high` bytes are under way.
final class Outbound: Sendable {
    private static let high = 384 << 10
    private static let low = 192 << 10

    private enum Waiter {
        case task(CheckedContinuation<Void, Never>)
        case thread(DispatchSemaphore)

        func resume() {
            switch self {
            case .task(let continuation): continuation.resume()
            case .thread(let semaphore): semaphore.signal()
            }
        }
    }

    private struct State {
        var pending = 0
        var isGone = false
        var waiters: [(below: Int, Waiter)] = []
    }

    private let state = Mutex(State())
    let channel: any Channel

    init(channel: any Channel) { self.channel = channel }

    /// Sends without waiting; for small things, such as heads.
    func send(_ buffers: [ByteBuffer]) {
        let bytes = buffers.reduce(0) { $0 + $1.readableBytes }
        let isGone = state.withLock { state in
            if !state.isGone { state.pending += bytes }
            return state.isGone
        }
        guard !isGone else { return }
        let channel = self.channel
        // No promise of its own: where the server has just ended, its loop takes nothing any more, and would not keep it.
        channel.eventLoop.execute {
            for buffer in buffers.dropLast() { channel.write(buffer, promise: nil) }
            channel.writeAndFlush(buffers.last ?? ByteBuffer()).whenComplete { self.completed(bytes, $0) }
        }
    }

    /// Sends, and returns when it makes sense to produce more.
    ///
    /// Throws `clientGone`.
    func write(_ buffers: [ByteBuffer]) async throws {
        send(buffers)
        try await wait(below: Self.high)
    }

    /// The same on a thread that may block.
    func writeBlocking(_ buffers: [ByteBuffer]) throws {
        send(buffers)
        let semaphore = DispatchSemaphore(value: 0)
        if register(.thread(semaphore), below: Self.high) { semaphore.wait() }
        try check()
    }

    /// Returns when the kernel has taken everything.
    func flushed() async throws { try await wait(below: 0) }

    func check() throws {
        if state.withLock({ $0.isGone }) { throw HTTPError.clientGone }
    }

    /// The connection is closed: nobody waits for it any more.
    func gone() {
        let waiters = state.withLock { state -> [(below: Int, Waiter)] in
            state.isGone = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.1.resume() }
    }

    private func wait(below limit: Int) async throws {
        await withCheckedContinuation { continuation in
            if !register(.task(continuation), below: limit) { continuation.resume() }
        }
        try check()
    }

    /// False if there is nothing to wait for.
    private func register(_ waiter: Waiter, below limit: Int) -> Bool {
        state.withLock { state in
            guard !state.isGone, state.pending > limit else { return false }
            state.waiters.append((min(limit, Self.low), waiter))
            return true
        }
    }

    private func completed(_ bytes: Int, _ result: Result<Void, any Error>) {
        if case .failure = result { gone() }
        let ready = state.withLock { state -> [(below: Int, Waiter)] in
            state.pending -= bytes
            let pending = state.pending
            let ready = state.waiters.filter { pending <= $0.below }
            state.waiters.removeAll { pending <= $0.below }
            return ready
        }
        for waiter in ready { waiter.1.resume() }
    }
}
