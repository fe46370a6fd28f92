import Glibc
import Synchronization

/// Runs `body` on `count` threads at once, and throws the first error of any.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let shared = Shared(body: body)
    let threads = (0..<count).map { number -> pthread_t in
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(shared: shared, number: number))
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.shared.run(start.number)
                return nil
            },
            start.toOpaque()
        )
        precondition(result == 0, "no thread to be had")
        return thread
    }
    for thread in threads { pthread_join(thread, nil) }
    if let error = shared.failure.withLock({ $0 }) { throw error }
}

private final class Shared: Sendable {
    let body: @Sendable (Int) throws -> Void
    let failure = Mutex<(any Error)?>(nil)

    init(body: @escaping @Sendable (Int) throws -> Void) { self.body = body }

    func run(_ number: Int) {
        do { try body(number) } catch {
            failure.withLock { first in if first == nil { first = error } }
        }
    }
}

private final class Start: Sendable {
    let shared: Shared
    let number: Int

    init(shared: Shared, number: Int) {
        self.shared = shared
        self.number = number
    }
}
