import Glibc
import Logging
import OCI
import Synchronization

/// How messages are written.
enum LogFormat {
    /// One line for people: time, level, message, and what belongs to it as `key=value`.
    case text
    /// One object a line, with dockerd's keys: `time`, `level`, `msg`, and what belongs to it.
    case json

    init(named name: String) throws {
        switch name {
        case "text": self = .text
        case "json": self = .json
        default: throw StartFailure("unknown log format '\(name)'; choose text or json")
        }
    }
}

/// What is logged, which may change while the daemon runs.
final class LogThreshold: Sendable {
    private let current: Mutex<Logger.Level>

    init(_ level: Logger.Level) { current = Mutex(level) }

    var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

/// Writes each message to standard error as one line.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    let threshold: LogThreshold
    let format: LogFormat

    /// All loggers have one threshold.
    var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold.level = newValue }
    }

    init(_ threshold: LogThreshold, _ format: LogFormat, _ provider: Logger.MetadataProvider?) {
        (self.threshold, self.format, metadataProvider) = (threshold, format, provider)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let own = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
        let all = own.merging(event.metadata ?? [:]) { $1 }
        let facts = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let line = LogLine(time: .now, level: event.level, message: "\(event.message)", facts: facts)
        Output.error(format == .json ? line.json : line.text)
    }
}

/// Standard error, line by line.
enum Output {
    /// One write a line, so that lines of several threads do not mix.
    static func error(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            // There is nowhere else to say that standard error is gone.
            guard count > 0 else { return }
            written += count
        }
    }
}
