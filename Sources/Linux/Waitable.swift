import Glibc

/// A value that several threads share, and wait for.
///
/// `Mutex` can't be waited for; this is `man 3 pthread_cond_wait`.
public final class Waitable<Value: Sendable>: @unchecked Sendable {
    // All that is in it is used with the lock held, and never moves.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    /// Shares `value`.
    public init(_ value: Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Looks at the value, or changes it; whoever waits looks again.
    public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(lock)
        }
        return try body(&value)
    }

    /// Waits until `body` gives something, and gives that; nil if it doesn't for so long.
    public func wait<Result>(
        milliseconds: Int,
        _ body: (inout Value) throws -> Result?
    ) rethrows -> Result? {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = end.tv_nsec + milliseconds % 1000 * 1_000_000
        end.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let result = try body(&value) {
                pthread_cond_broadcast(changed)
                return result
            }
            if pthread_cond_timedwait(changed, lock, &end) == ETIMEDOUT { return try body(&value) }
        }
    }
}
