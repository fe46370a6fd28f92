import Metrics
import Synchronization

/// Figures about requests. A path counts for its route's pattern, so there are no more lines than routes and statuses.
struct RequestMetrics: Sendable {
    /// For paths that no route has.
    static let noRoute = "none"
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]

    private let requests: Counter
    private let seconds: Histogram
    private let running = Running()

    private final class Running: Sendable {
        let counts = Mutex<[[String]: Int]>([:])
    }

    init(_ metrics: Metrics) {
        requests = metrics.counter(
            "varve_http_requests_total",
            "Requests whose answer began, by route and status",
            labels: ["method", "route", "code"]
        )
        seconds = metrics.histogram(
            "varve_http_request_duration_seconds",
            "How long requests took, to the last byte of their answers",
            labels: ["method", "route"]
        )
        metrics.readings("varve_http_requests_running", "Requests under way", labels: ["method", "route"]) {
            [running] in
            let counts = running.counts.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            return counts.map { MetricValue(Double($0.value), $0.key) }
        }
    }

    func began(_ method: String, _ route: String) {
        running.counts.withLock { $0[[Self.known(method), route], default: 0] += 1 }
    }

    /// Counts a request, before its client can know the answer.
    func answered(_ method: String, _ route: String, status: Int) {
        requests.add(1, [Self.known(method), route, "\(status)"])
    }

    func ended(_ method: String, _ route: String, after duration: Duration) {
        running.counts.withLock { $0[[Self.known(method), route], default: 0] -= 1 }
        seconds.observe(duration, [Self.known(method), route])
    }

    /// A method that a client made up is no label.
    private static func known(_ method: String) -> String { methods.contains(method) ? method : "other" }
}
