import Synchronization

/// How many bytes a thread has taken, for another one to look at.
final class ByteCounter: Sendable {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func add(_ bytes: Int) { count.add(Int64(bytes), ordering: .relaxed) }
}
