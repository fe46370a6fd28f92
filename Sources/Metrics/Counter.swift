import Synchronization

/// A number that only grows, for each combination of labels.
package final class Counter: MetricFamily {
    let head: MetricHead
    private let counts = Mutex<[[String]: UInt64]>([:])

    init(_ head: MetricHead) {
        self.head = head
        if head.labels.isEmpty { counts.withLock { $0[[]] = 0 } }
    }

    /// Counts; `labels` are the values of the family's labels, in their order.
    package func add(_ count: Int = 1, _ labels: [String] = []) {
        counts.withLock { $0[labels, default: 0] += UInt64(max(0, count)) }
    }

    func samples() -> [MetricSample] {
        counts.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { MetricSample(labels: head.named($0.key), value: Double($0.value)) }
    }
}
