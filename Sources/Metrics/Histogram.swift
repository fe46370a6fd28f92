import Synchronization

/// How often something took how many seconds, for each combination of labels.
package final class Histogram: MetricFamily {
    /// Those of Prometheus's own libraries, and dockerd's.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Series {
        /// How many took at most the bound of the same place, and longer than the one before.
        var counts = [UInt64](repeating: 0, count: Histogram.bounds.count)
        var all: UInt64 = 0
        var sum = 0.0
    }

    let head: MetricHead
    private let series = Mutex<[[String]: Series]>([:])

    init(_ head: MetricHead) { self.head = head }

    /// Shows a combination of labels before anything was counted for it.
    package func expect(_ labels: [String]) { series.withLock { $0[labels, default: Series()].all += 0 } }

    package func observe(_ duration: Duration, _ labels: [String] = []) {
        let (seconds, attoseconds) = duration.components
        observe(seconds: Double(seconds) + Double(attoseconds) / 1e18, labels)
    }

    func observe(seconds: Double, _ labels: [String] = []) {
        series.withLock { all in
            var series = all[labels, default: Series()]
            if let place = Self.bounds.firstIndex(where: { seconds <= $0 }) { series.counts[place] += 1 }
            series.all += 1
            series.sum += seconds
            all[labels] = series
        }
    }

    func samples() -> [MetricSample] {
        series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.flatMap { key, series in
            let labels = head.named(key)
            var below: UInt64 = 0
            var samples: [MetricSample] = []
            for (bound, count) in zip(Self.bounds, series.counts) {
                below += count
                let labels = labels + [("le", Exposition.number(bound))]
                samples.append(MetricSample(suffix: "_bucket", labels: labels, value: Double(below)))
            }
            return samples + [
                MetricSample(suffix: "_bucket", labels: labels + [("le", "+Inf")], value: Double(series.all)),
                MetricSample(suffix: "_sum", labels: labels, value: series.sum),
                MetricSample(suffix: "_count", labels: labels, value: Double(series.all)),
            ]
        }
    }
}
