package import DockerAPI
import GraphDrivers
import RuntimeProtocol

/// What `--log-driver` and `--log-opt` may say, held to dockerd's rules.
package enum LogOptions {
    /// The drivers that there are.
    package static let drivers = [LogTarget.Format.jsonFile.rawValue, LogTarget.Format.local.rawValue, none]

    /// The driver that writes nothing.
    static let none = "none"

    private static let common: Set<String> = ["mode", "max-buffer-size"]
    private static let files: Set<String> = ["max-size", "max-file", "compress"]
    private static let notes: Set<String> = ["labels", "labels-regex", "env", "env-regex", "tag"]

    /// What a container gets: its own options, then the daemon's where it has the daemon's driver.
    static func merged(_ own: LogConfig?, _ standard: LogConfig) -> LogConfig {
        var merged = own ?? LogConfig()
        if merged.type.isEmpty { merged.type = standard.type }
        var options = merged.config ?? [:]
        if merged.type == standard.type { options.merge(standard.config ?? [:]) { own, _ in own } }
        merged.config = options
        return merged
    }

    /// Throws where dockerd would, at `create` or at the start of the container.
    package static func check(_ config: LogConfig) throws {
        let options = config.config ?? [:]
        if config.type == none { return }
        try checkMode(options)
        guard let format = LogTarget.Format(rawValue: config.type) else {
            throw EngineError(
                .invalid,
                "logger: no log driver named '\(config.type)' is registered; there are \(drivers.joined(separator: ", "))"
            )
        }
        let known = format == .jsonFile ? common.union(files).union(notes) : common.union(files)
        if let unknown = options.keys.sorted().first(where: { !known.contains($0) }) {
            let place = format == .jsonFile ? "json-file log driver" : "log driver local"
            throw invalid("unknown log opt '\(unknown)' for \(place)")
        }
        _ = try rotation(format, options)
        for name in ["labels-regex", "env-regex"] { _ = try LogAttributes.expression(name, options) }
        try LogTag.check(options["tag"] ?? "")
    }

    private static func checkMode(_ options: [String: String]) throws {
        let mode = options["mode"] ?? ""
        guard ["", "blocking", "non-blocking"].contains(mode) else {
            throw invalid("logger: logging mode not supported: \(mode); choose blocking or non-blocking")
        }
        guard let size = options["max-buffer-size"] else { return }
        guard mode == "non-blocking" else {
            throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        }
        do { _ = try parseSize(size) } catch { throw invalid("error parsing option max-buffer-size: \(error)") }
    }

    /// When a new file is begun, how many there are, and whether the old ones are compressed.
    static func rotation(
        _ format: LogTarget.Format,
        _ options: [String: String]
    ) throws -> (maxSize: Int64?, maxFiles: Int, compresses: Bool) {
        let isLocal = format == .local
        let maxSize = try options["max-size"].map(size) ?? (isLocal ? 20 << 20 : nil)
        let maxFiles = try options["max-file"].map(count) ?? (isLocal ? 5 : 1)
        let compresses = try options["compress"].map(flag) ?? isLocal
        if compresses && isLocal && maxFiles == 1 {
            throw invalid("compression cannot be enabled when max file count is 1: add compress=false")
        }
        if compresses && !isLocal && (maxFiles == 1 || maxSize == nil) {
            throw invalid("compress cannot be true when max-file is less than 2 or max-size is not set")
        }
        return (maxSize, maxFiles, compresses)
    }

    /// Docker's sizes of logs: a `k` is 1000; nil: no limit.
    private static func size(_ text: String) throws -> Int64? {
        if text == "-1" { return nil }
        let size: Int64
        do { size = try parseSize(text, kilo: 1000) } catch { throw invalid("invalid value for max-size: \(error)") }
        guard size > 0 else { throw invalid("max-size must be a positive number, or -1 for no limit") }
        return size
    }

    private static func count(_ text: String) throws -> Int {
        guard let count = Int(text) else { throw invalid("invalid value for max-file: '\(text)' is no whole number") }
        guard count >= 1 else { throw invalid("max-file cannot be less than 1") }
        guard count <= 100_000 else { throw invalid("max-file cannot be more than 100000") }
        return count
    }

    private static func flag(_ text: String) throws -> Bool {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw invalid("invalid value for compress: '\(text)'; write true or false")
        }
    }

    private static func invalid(_ reason: String) -> EngineError { EngineError(.invalid, reason) }
}
