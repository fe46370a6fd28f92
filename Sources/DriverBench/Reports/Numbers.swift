/// Numbers as people read them: three digits, and a unit.
extension Words {
    /// `1.23 ms`, `45.6 MiB`.
    package static func value(_ value: Double, _ unit: WorkloadFacts.Unit) -> String {
        switch unit {
        case .seconds: seconds(value)
        case .bytes: bytes(value)
        }
    }

    static func seconds(_ value: Double) -> String {
        if value >= 1 || value == 0 { return "\(digits(value)) s" }
        return value >= 1e-3 ? "\(digits(value * 1e3)) ms" : "\(digits(value * 1e6)) µs"
    }

    static func bytes(_ value: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (rest, place) = (value, 0)
        while rest >= 1024, place < units.count - 1 { (rest, place) = (rest / 1024, place + 1) }
        return place == 0 ? "\(decimal(rest, 0)) B" : "\(digits(rest)) \(units[place])"
    }

    /// How fast `bytes` are moved in so many seconds.
    static func rate(_ size: Int64?, _ seconds: Double) -> String? {
        guard let size, size > 0, seconds > 0 else { return nil }
        return "\(bytes(Double(size) / seconds))/s"
    }

    /// A part of one as `3 %`, `0.4 %`.
    package static func percent(_ part: Double) -> String {
        let hundredths = abs(part) * 100
        return "\(decimal(hundredths, hundredths > 0 && hundredths < 0.95 ? 1 : 0)) %"
    }

    /// `1.8`, `0.42`, `12`: a ratio.
    static func times(_ ratio: Double) -> String { decimal(ratio, ratio < 0.995 ? 2 : ratio < 9.95 ? 1 : 0) }

    /// With three digits that count: `1.23`, `12.3`, `123`.
    static func digits(_ value: Double) -> String { decimal(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) }

    /// With so many digits behind the point; there is no `String(format:)` without Foundation.
    static func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return value < 0 ? "-∞" : "∞" }
        let scale = (0..<places).reduce(1) { power, _ in power * 10 }
        let whole = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(whole)" }
        let behind = String(whole % scale)
        return "\(sign)\(whole / scale).\(String(repeating: "0", count: places - behind.count))\(behind)"
    }

    /// In one line of a length that people read: of a long text its start and its end, where programs say what failed.
    static func shortened(_ text: String) -> String {
        let line = line(text)
        return line.count <= 200 ? line : "\(line.prefix(100)) … \(line.suffix(90))"
    }

    /// `1 outlier`, `2 outliers`.
    static func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ words: [String], _ last: String = "and") -> String {
        guard words.count > 1, let end = words.last else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) \(last) \(end)"
    }

    /// Where a report's text ends up on a terminal: in one line, and nothing in it that a terminal obeys.
    package static func line(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: " "
                    default: scalar
                    }
                }
            )
        )
    }
}

extension WorkloadFacts.Unit {
    /// What counts as nothing: a ratio to it would mean nothing either.
    var least: Double {
        switch self {
        case .seconds: 1e-9
        case .bytes: 4096  // a block
        }
    }
}
