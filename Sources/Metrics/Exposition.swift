/// One line: a name's suffix, labels, a number.
struct MetricSample: Sendable {
    var suffix = ""
    var labels: [(String, String)]
    var value: Double
}

/// Prometheus's text form, version 0.0.4.
package enum Exposition {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func text(of head: MetricHead, _ samples: [MetricSample]) -> String {
        var text = "# HELP \(head.name) \(escaped(head.help))\n# TYPE \(head.name) \(head.kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
            text += head.name + sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(number(sample.value))\n"
        }
        return text
    }

    /// As a reader of Go's numbers takes it; whole ones without a point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\"" where quotes: result += #"\""#
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
