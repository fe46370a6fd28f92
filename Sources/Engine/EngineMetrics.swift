import Glibc
import GraphDrivers
import Metrics
import Registry
import Storage
import Synchronization

/// What the engine counts of itself, under dockerd's names where it has one.
final class EngineMetrics: Sendable {
    enum Action: String, CaseIterable { case changes, commit, create, delete, start }

    let events: Counter
    let healthChecks: Counter
    let failedHealthChecks: Counter
    private let actions: Histogram
    private let pulls = Atomic(0)

    init(_ metrics: Metrics) {
        events = metrics.counter("engine_daemon_events_total", "The number of events logged")
        healthChecks = metrics.counter("engine_daemon_health_checks_total", "The total number of health checks")
        failedHealthChecks = metrics.counter(
            "engine_daemon_health_checks_failed_total",
            "The total number of failed health checks"
        )
        actions = metrics.histogram(
            "engine_daemon_container_actions_seconds",
            "The number of seconds it takes to process each container action",
            labels: ["action"]
        )
        for action in Action.allCases { actions.expect([action.rawValue]) }
    }

    func took(_ action: Action, since began: ContinuousClock.Instant) {
        actions.observe(began.duration(to: .now), [action.rawValue])
    }

    var runningPulls: Int { pulls.load(ordering: .relaxed) }

    func pulling<Result>(_ work: () async throws -> Result) async rethrows -> Result {
        pulls.add(1, ordering: .relaxed)
        defer { pulls.subtract(1, ordering: .relaxed) }
        return try await work()
    }
}

extension Engine {
    /// What is found out when somebody asks for figures.
    func publish(on metrics: Metrics) {
        metrics.readings(
            "engine_daemon_container_states_containers",
            "The count of containers in various states",
            labels: ["state"]
        ) { [weak self] in await self?.states() ?? [] }
        metrics.reading("engine_daemon_events_subscribers_total", "The number of current subscribers to events") {
            [weak self] in self.map { Double($0.events.listenerCount) }
        }
        publishHost(on: metrics)
        metrics.reading("varve_pulls_running", "Pulls under way") { [weak self] in
            self.map { Double($0.metrics.runningPulls) }
        }
        metrics.reading("varve_downloaded_bytes_total", "Bytes of layers that came from registries", kind: .counter) {
            [weak self] in self.map { Double($0.registry.downloads.receivedBytes) }
        }
        metrics.reading("varve_storage_layers", "Read-only layers in the data root") { [weak self] in
            self.map { Double($0.store.counts.layers) }
        }
        metrics.reading("varve_storage_open_layers", "Layers of containers that are mounted") { [weak self] in
            self.map { Double($0.store.counts.open) }
        }
    }

    private func publishHost(on metrics: Metrics) {
        let (version, driver, release) = (settings.version, store.driver.name, Host.release)
        metrics.readings(
            "engine_daemon_engine_info",
            "The information related to the engine and the OS it is running on",
            labels: [
                "architecture", "commit", "daemon_id", "graphdriver", "kernel", "os", "os_type", "os_version",
                "version",
            ]
        ) {
            let labels = [
                Host.machine, "", Host.machineID, driver, Host.kernel, release.name, "linux", release.version,
            ]
            return [MetricValue(1, labels + [version])]
        }
        metrics.reading("engine_daemon_engine_cpus_cpus", "The number of cpus that the host system of the engine has") {
            Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        }
        metrics.reading(
            "engine_daemon_engine_memory_bytes",
            "The number of bytes of memory that the host system of the engine has"
        ) { Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE))) }
    }

    private func states() async -> [MetricValue] {
        let counts = await containerCounts()
        let states = [("paused", counts.paused), ("running", counts.running), ("stopped", counts.stopped)]
        return states.map { MetricValue(Double($0.1), [$0.0]) }
    }
}
