import Glibc
import Synchronization

/// Whether somebody still wants what a thread is doing: the client may have gone.
public final class Cancellation: Sendable {
    private let cancelled = Atomic<Bool>(false)

    /// Nobody has cancelled yet.
    public init() {}

    /// Nobody wants it any more.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Whether it was cancelled.
    public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Throws `CancellationError` if it was cancelled.
    public func check() throws { if isCancelled { throw CancellationError() } }

    /// Sleeps; throws `CancellationError` if it is cancelled meanwhile.
    public func sleep(milliseconds: Int) throws {
        for left in stride(from: milliseconds, to: 0, by: -100) {
            try check()
            usleep(UInt32(min(left, 100)) * 1000)
        }
        try check()
    }
}
