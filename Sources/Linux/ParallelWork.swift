import Synchronization

/// Numbers handed out to the threads of one `inParallel`.
final class ParallelWork: Sendable {
    private struct State {
        var next = 0
        var failure: (any Error)?
    }

    private let count: Int
    private let body: @Sendable (Int) throws -> Void
    private let state = Mutex(State())

    init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
        self.count = count
        self.body = body
    }

    var failure: (any Error)? { state.withLock { $0.failure } }

    func run() {
        while let number = state.withLock({ take(&$0) }) {
            do { try body(number) } catch { state.withLock { $0.failure = $0.failure ?? error } }
        }
    }

    private func take(_ state: inout State) -> Int? {
        guard state.failure == nil, state.next < count else { return nil }
        defer { state.next += 1 }
        return state.next
    }
}

/// What the threads of one `mapInParallel` found, in the order of the items.
final class ParallelResults<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    func set(_ number: Int, _ value: Value) { values.withLock { $0[number] = value } }

    var all: [Value] { values.withLock { $0.compactMap { $0 } } }
}
