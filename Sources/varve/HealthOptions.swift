import ArgumentParser

/// How a container's health is checked.
struct HealthOptions: ParsableArguments {
    @Option(help: "A command that tells whether the container is well: status 0.") var healthCmd: String?
    @Option(help: "The time between two checks: 30s, 1m30s.") var healthInterval: String?
    @Option(help: "How long a check may take.") var healthTimeout: String?
    @Option(help: "How many failures in a row make it unhealthy.") var healthRetries: Int?
    @Option(help: "How long after the start failures do not count.") var healthStartPeriod: String?
    @Option(help: "The time between two checks meanwhile.") var healthStartInterval: String?
    @Flag(help: "Do not check, whatever the image says.") var noHealthcheck = false

    /// Nil where the image's own is to count.
    func body() throws -> JSON? {
        if noHealthcheck {
            guard healthCmd == nil else { throw Failure(message: "--no-healthcheck conflicts with --health-* options") }
            return .object([(key: "Test", value: .strings(["NONE"]))])
        }
        var fields: [(key: String, value: JSON)] = []
        if let healthCmd { fields.append((key: "Test", value: .strings(["CMD-SHELL", healthCmd]))) }
        for (key, text) in [
            ("Interval", healthInterval), ("Timeout", healthTimeout), ("StartPeriod", healthStartPeriod),
            ("StartInterval", healthStartInterval),
        ] { if let text { fields.append((key: key, value: .int(try nanoseconds(text)))) } }
        if let healthRetries { fields.append((key: "Retries", value: .int(healthRetries))) }
        return fields.isEmpty ? nil : .object(fields)
    }
}
