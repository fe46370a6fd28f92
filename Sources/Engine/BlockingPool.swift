import Dispatch

/// Threads that may block, for the store's and the drivers' system calls: the cooperative pool has a thread a core,
/// and one `load` on each would stop the daemon.
struct BlockingPool: Sendable {
    private let queue = DispatchQueue(label: "varve.blocking", attributes: .concurrent)

    /// Runs `body` on such a thread.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
