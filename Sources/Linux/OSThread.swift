import CLinux
import Glibc
import SystemPackage

/// A thread of the kernel's, for work that blocks; Swift's own tasks must not.
public struct OSThread: Sendable {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Memory for each thread's calls: enough for a function that calls itself for each folder of the deepest tree there
    /// may be. Only what is used is taken.
    public static let stackSize = 16 << 20

    /// Gives threads that others start, as Dispatch does, stacks of that size too, from now on.
    public static func raiseDefaultStackSize() throws(SystemError) {
        try sys("set the size of threads' stacks") { linux_set_thread_stack(stackSize) }
    }

    /// Starts `body` on a new thread; every thread must be joined or detached.
    public init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackSize)
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

/// What `body`, which reads a few small files, makes of each of `items`; throws the first error.
///
/// On more threads than there are processors: after a boot each of them waits for the disk, which serves many at once.
public func mapInParallel<T: Sendable, U: Sendable>(
    _ items: [T],
    _ body: @escaping @Sendable (T) throws -> U
) throws -> [U] {
    let results = ParallelResults<U>(count: items.count)
    try inParallel(items.count, width: 16) { number in
        let result = try body(items[number])
        results.set(number, result)
    }
    return results.all
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
