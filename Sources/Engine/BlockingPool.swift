import Dispatch

/// Threads that may block, for the store's and the drivers' system calls: the cooperative pool has a thread a core,
/// and one `load` on each would stop the daemon.
struct BlockingPool: Sendable {
    private let queue = DispatchQueue(label: "varve.blocking", attributes: .concurrent)

    /// Runs `body`, which can't fail, on such a thread.
    func perform(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            queue.async {
                body()
                continuation.resume()
            }
        }
    }

    /// Runs `body` on such a thread.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
