import Synchronization

/// Figures about a program while it runs, for Prometheus to fetch.
///
/// Who makes a family decides on its labels; their values must come from small sets (a route's pattern, never a name), as
/// every combination is kept.
package final class Metrics: Sendable {
    private let families = Mutex<[any MetricFamily]>([])

    package init() {}

    /// A number that only grows.
    package func counter(_ name: String, _ help: String, labels: [String] = []) -> Counter {
        add(Counter(MetricHead(name: name, help: help, kind: .counter, labels: labels)))
    }

    /// How often something took how many seconds.
    package func histogram(_ name: String, _ help: String, labels: [String] = []) -> Histogram {
        add(Histogram(MetricHead(name: name, help: help, kind: .histogram, labels: labels)))
    }

    /// What is found out when somebody asks.
    package func readings(
        _ name: String,
        _ help: String,
        kind: MetricKind = .gauge,
        labels: [String] = [],
        _ read: @escaping @Sendable () async -> [MetricValue]
    ) {
        _ = add(Reading(head: MetricHead(name: name, help: help, kind: kind, labels: labels), read: read))
    }

    /// The same for one number without labels; nothing where it can't be found out.
    package func reading(
        _ name: String,
        _ help: String,
        kind: MetricKind = .gauge,
        value: @escaping @Sendable () async -> Double?
    ) {
        readings(name, help, kind: kind) { await value().map { [MetricValue($0)] } ?? [] }
    }

    /// Everything, as text in the form 0.0.4 that Prometheus reads.
    package func exposition() async -> String {
        var text = ""
        for family in families.withLock({ $0 }) { text += Exposition.text(of: family.head, await family.samples()) }
        return text
    }

    private func add<Family: MetricFamily>(_ family: Family) -> Family {
        families.withLock { $0.append(family) }
        return family
    }
}

/// How a family's numbers are to be read.
package enum MetricKind: String, Sendable { case counter, gauge, histogram }

/// A number, with the values of its family's labels in their order.
package struct MetricValue: Sendable {
    let labels: [String]
    let value: Double

    package init(_ value: Double, _ labels: [String] = []) {
        self.value = value
        self.labels = labels
    }
}

/// What stands above a family's lines.
struct MetricHead: Sendable {
    let name: String
    let help: String
    let kind: MetricKind
    let labels: [String]

    func named(_ values: [String]) -> [(String, String)] { Array(zip(labels, values)) }
}

/// All numbers of one name.
protocol MetricFamily: Sendable {
    var head: MetricHead { get }
    func samples() async -> [MetricSample]
}

private struct Reading: MetricFamily {
    let head: MetricHead
    let read: @Sendable () async -> [MetricValue]

    func samples() async -> [MetricSample] {
        await read().map { MetricSample(labels: head.named($0.labels), value: $0.value) }
    }
}
