import DockerAPI
import OCI

/// How a container is checked: its configuration with Docker's defaults.
struct HealthPlan: Equatable {
    let command: [String]
    let interval: Duration
    let timeout: Duration
    /// Failures that soon after the start do not count.
    let startPeriod: Duration
    let startInterval: Duration
    let retries: Int

    /// Nil where there is nothing to check.
    init?(_ config: ContainerConfig) {
        guard let check = config.healthcheck, let test = check.test, let kind = test.first else { return nil }
        switch kind {
        case "CMD" where test.count > 1: command = Array(test.dropFirst())
        case "CMD-SHELL" where test.count > 1:
            let shell = config.shell ?? []
            command = (shell.isEmpty ? ["/bin/sh", "-c"] : shell) + [test[1]]
        default: return nil
        }
        func duration(_ nanoseconds: Int64, or standard: Duration) -> Duration {
            nanoseconds > 0 ? .nanoseconds(nanoseconds) : standard
        }
        interval = duration(check.interval, or: .seconds(30))
        timeout = duration(check.timeout, or: .seconds(30))
        startPeriod = duration(check.startPeriod, or: .zero)
        startInterval = duration(check.startInterval, or: .seconds(5))
        retries = check.retries > 0 ? check.retries : 3
    }

    /// How long to wait before the next check, so long after the start.
    func pause(_ health: Health, sinceStart: Duration) -> Duration {
        health.status == "starting" && sinceStart < startPeriod ? min(startInterval, interval) : interval
    }

    /// What a check makes of what was known; `sinceStart` is when it began.
    func judge(_ result: HealthResult, _ health: Health, sinceStart: Duration) -> Health {
        var health = health
        health.log = (health.log + [result]).suffix(5)
        if result.exitCode == 0 {
            (health.status, health.failingStreak) = ("healthy", 0)
        } else if health.status != "starting" || sinceStart >= startPeriod {
            health.failingStreak += 1
            if health.failingStreak >= retries { health.status = "unhealthy" }
        }
        return health
    }
}
