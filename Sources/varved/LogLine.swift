import Logging
import OCI

/// One message, in the form of either format.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    let message: String
    let facts: [(String, String)]

    var text: String {
        facts.reduce("\(time) \(word) \(Self.oneLine(message))") { "\($0) \($1.0)=\(Self.quoted($1.1))" }
    }

    /// As dockerd's `--log-format json`.
    var json: String {
        let taken: Set<String> = ["time", "level", "msg"]
        let first = [("time", time.description), ("level", dockerWord), ("msg", message)]
        let all = first + facts.map { (taken.contains($0.0) ? "fields.\($0.0)" : $0.0, $0.1) }
        return "{" + all.map { "\(Self.jsonText($0.0)):\(Self.jsonText($0.1))" }.joined(separator: ",") + "}"
    }

    private var word: String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info, .notice: "INFO "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private var dockerWord: String {
        switch level {
        case .notice: "info"
        case .critical: "fatal"
        default: level.rawValue
        }
    }

    private static func oneLine(_ text: String) -> String {
        let line =
            text.contains(where: \.isNewline) ? text.split(whereSeparator: \.isNewline).joined(separator: " | ") : text
        guard line.unicodeScalars.contains(where: isControl) else { return line }
        return line.unicodeScalars.reduce(into: "") { result, scalar in
            guard isControl(scalar) else { return result.unicodeScalars.append(scalar) }
            result += (scalar.value < 16 ? #"\x0"# : #"\x"#) + String(scalar.value, radix: 16)
        }
    }

    /// A terminal that shows the log would obey it.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 32 || scalar.value == 127 }

    /// In quotes where a reader could not tell its end.
    private static func quoted(_ text: String) -> String {
        let needsQuotes = text.isEmpty || text.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" }
        guard needsQuotes else { return oneLine(text) }
        return "\"" + oneLine(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")) + "\""
    }

    private static func jsonText(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += #"\""#
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case let control where control.value < 32:
                result += (control.value < 16 ? #"\u000"# : #"\u00"#) + String(control.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
