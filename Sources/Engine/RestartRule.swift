import DockerAPI

/// When a container that ended is started again by itself: Docker's rules.
enum RestartRule {
    /// What is known of an end.
    struct End {
        var exitCode: Int
        /// A person stopped or killed it.
        var wasAsked: Bool
        /// How often it was started again since somebody last did it by hand.
        var restarts: Int
    }

    /// The first pause, and the longest.
    static let pauses: (first: Duration, longest: Duration) = (.milliseconds(100), .seconds(60))
    /// A run that lasted so long was a good one: the next pause is the first.
    static let good: Duration = .seconds(10)

    /// Whether it is started again.
    static func restarts(_ policy: RestartPolicy?, after end: End) -> Bool {
        guard let policy, !end.wasAsked else { return false }
        switch policy.name {
        case "always", "unless-stopped": return true
        case "on-failure":
            let isWithin = policy.maximumRetryCount == 0 || end.restarts < policy.maximumRetryCount
            return end.exitCode != 0 && isWithin
        default: return false
        }
    }

    /// How long to wait before it is, after a run that `lasted` so long and a pause of `last` before it.
    static func pause(after last: Duration?, lasted: Duration) -> Duration {
        guard let last, lasted < good else { return pauses.first }
        return min(last * 2, pauses.longest)
    }

    /// Whether a daemon that begins starts it, although it does not run.
    static func startsWithDaemon(_ policy: RestartPolicy?, wasStopped: Bool) -> Bool {
        switch policy?.name {
        case "always": true
        case "unless-stopped": !wasStopped
        default: false
        }
    }
}
