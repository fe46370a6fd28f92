import FoundationEssentials
import OCI

/// `HEALTHCHECK [--interval=30s] [--timeout=…] [--start-period=…] [--start-interval=…] [--retries=3] CMD …`, or `NONE`.
enum HealthInstruction {
    /// What comes after the word; throws where it is no such instruction.
    static func parse(_ text: String) throws -> HealthConfig {
        var health = HealthConfig()
        var rest = Substring(text)
        while let option = option(&rest) { try set(option.name, option.value, &health) }
        let kind = rest.prefix { !$0.isWhitespace }
        let command = String(rest.dropFirst(kind.count).drop { $0.isWhitespace })
        switch kind.uppercased() {
        case "NONE" where command.isEmpty: health.test = ["NONE"]
        case "CMD" where !command.isEmpty:
            let words = try? JSONDecoder().decode([String].self, from: Data(command.utf8))
            health.test = words.map { ["CMD"] + $0 } ?? ["CMD-SHELL", command]
        default:
            throw EngineError(.invalid, "HEALTHCHECK \(text): write it as HEALTHCHECK CMD command, or HEALTHCHECK NONE")
        }
        return health
    }

    private static func option(_ rest: inout Substring) -> (name: String, value: String)? {
        rest = rest.drop { $0.isWhitespace }
        guard rest.hasPrefix("--") else { return nil }
        let word = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(word.count)
        let equal = word.firstIndex(of: "=") ?? word.endIndex
        return (String(word[..<equal].dropFirst(2)), String(word[equal...].dropFirst()))
    }

    private static func set(_ name: String, _ value: String, _ health: inout HealthConfig) throws {
        func nanoseconds() throws -> Int64 {
            guard let seconds = Timestamp.duration(value), seconds >= 0, seconds < 9e9 else {
                let reason = "'\(value)' is no duration; write it as 30s or 1m30s"
                throw EngineError(.invalid, "HEALTHCHECK --\(name): \(reason)")
            }
            return Int64(seconds * 1e9)
        }
        switch name {
        case "interval": health.interval = try nanoseconds()
        case "timeout": health.timeout = try nanoseconds()
        case "start-period": health.startPeriod = try nanoseconds()
        case "start-interval": health.startInterval = try nanoseconds()
        case "retries":
            guard let number = Int(value), number >= 0 else {
                throw EngineError(.invalid, "HEALTHCHECK --retries: '\(value)' is no number")
            }
            health.retries = number
        default: throw EngineError(.invalid, "HEALTHCHECK: unknown flag --\(name)")
        }
    }
}
