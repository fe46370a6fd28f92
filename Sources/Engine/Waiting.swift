/// What a client of `wait` waits for.
package enum WaitCondition: String, Sendable {
    /// It does not run; at once where it doesn't.
    case notRunning = "not-running"
    /// Its next end, even where it has not begun: `docker run` waits before it starts.
    case nextExit = "next-exit"
    /// It is removed.
    case removed
}

/// What a client of `wait` is told.
package struct WaitOutcome: Sendable, Equatable {
    package var exitCode: Int
    /// Why there is no exit code of the container's own.
    package var error: String
}

/// Those who wait for a container.
struct Waiting {
    private typealias Waiter = (condition: WaitCondition, continuation: CheckedContinuation<WaitOutcome?, Never>)
    private var waiters: [Int: Waiter] = [:]
    private var cancelled: Set<Int> = []
    private var next = 0

    mutating func ticket() -> Int {
        next += 1
        return next
    }

    mutating func add(
        _ ticket: Int,
        _ condition: WaitCondition,
        _ continuation: CheckedContinuation<WaitOutcome?, Never>
    ) {
        // The task may have been cancelled between getting the ticket and coming here.
        if cancelled.remove(ticket) != nil { return continuation.resume(returning: nil) }
        waiters[ticket] = (condition, continuation)
    }

    mutating func cancel(_ ticket: Int) {
        if let waiter = waiters.removeValue(forKey: ticket) {
            waiter.continuation.resume(returning: nil)
        } else {
            cancelled.insert(ticket)
        }
    }

    /// It ended, and is about to be started again.
    mutating func exitedOnce(_ outcome: WaitOutcome) { release(outcome) { $0 == .nextExit } }

    mutating func exited(_ outcome: WaitOutcome) { release(outcome) { $0 != .removed } }

    mutating func removed(_ outcome: WaitOutcome) { release(outcome) { _ in true } }

    private mutating func release(_ outcome: WaitOutcome, _ isMet: (WaitCondition) -> Bool) {
        for (ticket, waiter) in waiters where isMet(waiter.condition) {
            waiters[ticket] = nil
            waiter.continuation.resume(returning: outcome)
        }
    }
}
