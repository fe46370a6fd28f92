import Glibc
import SystemPackage

/// A thread of the kernel's, for work that blocks; Swift's own tasks must not.
public struct OSThread: Sendable {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body` on a new thread with a stack of 1 MiB; every thread must be joined or detached.
    public init(_ body: @escaping @Sendable () -> Void) throws {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 1 << 20)
        let context = Unmanaged.passRetained(Body(body))
        var handle = pthread_t()
        let result = pthread_create(
            &handle,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard result == 0 else {
            context.release()
            throw SystemError("start a thread", .init(rawValue: result))
        }
        self.handle = handle
    }

    /// Waits until it has ended.
    public func join() { pthread_join(handle, nil) }

    /// Lets it end on its own.
    public func detach() { pthread_detach(handle) }
}

/// Runs `body` for 0 ..< `count`, on at most `width` threads, the calling one among them; throws the first error.
///
/// After an error no further number is begun.
public func inParallel(_ count: Int, width: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let work = ParallelWork(count: count, body: body)
    var threads: [OSThread] = []
    for _ in 1..<max(1, min(width, count)) {
        // One thread less is slower, not wrong.
        if let thread = try? OSThread({ work.run() }) { threads.append(thread) }
    }
    work.run()
    for thread in threads { thread.join() }
    if let error = work.failure { throw error }
}
