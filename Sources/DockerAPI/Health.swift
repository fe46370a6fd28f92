/// How well a container is, by its own check.
package struct Health: Codable, Sendable, Equatable {
    /// `starting`, `healthy` or `unhealthy`.
    @Lenient package var status: String = "starting"
    /// Failures in a row.
    @Lenient package var failingStreak: Int = 0
    /// The last five, oldest first.
    @Lenient package var log: [HealthResult] = []

    package enum CodingKeys: String, CodingKey {
        case status = "Status"
        case failingStreak = "FailingStreak"
        case log = "Log"
    }

    package init() {}
}

/// One check.
package struct HealthResult: Codable, Sendable, Equatable {
    /// RFC 3339.
    @Lenient package var start: String = ""
    @Lenient package var end: String = ""
    /// 0: well; -1: it took too long.
    @Lenient package var exitCode: Int = 0
    /// The first 4096 bytes of what it said.
    @Lenient package var output: String = ""

    package enum CodingKeys: String, CodingKey {
        case start = "Start"
        case end = "End"
        case exitCode = "ExitCode"
        case output = "Output"
    }

    package init() {}
}
