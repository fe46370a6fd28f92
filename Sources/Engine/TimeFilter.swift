package import OCI

extension Timestamp {
    /// A time as filters and `logs --since` write it: RFC 3339 (in part), seconds since 1970 with a fraction, or, counted
    /// back from now, a duration like `1h30m`; nil if it is none of these.
    package init?(filter text: String, now: Timestamp = .now) {
        if text.isEmpty { return nil }
        if let seconds = Self.seconds(text) {
            self = seconds
        } else if let past = Self.duration(text) {
            // Longer than any log is long: the first time there is.
            guard past < 9e9 else { self = .zero; return }
            let nanoseconds = now.seconds * 1_000_000_000 + Int64(now.nanoseconds) - Int64(past * 1e9)
            let part = (nanoseconds % 1_000_000_000 + 1_000_000_000) % 1_000_000_000
            self.init(seconds: (nanoseconds - part) / 1_000_000_000, nanoseconds: Int32(part))
        } else if let time = Timestamp(Self.completed(text)) {
            self = time
        } else {
            return nil
        }
    }

    private static func seconds(_ text: String) -> Timestamp? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first.flatMap({ Int64($0) }) else { return nil }
        guard parts.count == 2 else { return Timestamp(seconds: whole) }
        let digits = parts[1].prefix(9)
        guard let fraction = Int32(digits.isEmpty ? "0" : digits), fraction >= 0 else { return nil }
        let scale = (0..<(9 - digits.count)).reduce(Int32(1)) { power, _ in power * 10 }
        return Timestamp(seconds: whole, nanoseconds: fraction * (digits.isEmpty ? 0 : scale))
    }

    /// Seconds of Go's durations: numbers with units, one after the other.
    static func duration(_ text: String) -> Double? {
        let units = ["ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600]
        var rest = text[...]
        var sum = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !$0.isNumber && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let scale = units[String(unit)] else { return nil }
            sum += number * scale
        }
        return sum
    }

    /// `2026-01-02`, `2026-01-02T03`, … with the rest of the time, in UTC.
    private static func completed(_ text: String) -> String {
        let zero = "0001-01-01T00:00:00"
        guard text.count < zero.count else {
            let time = text.dropFirst(zero.count)
            return time.contains("Z") || time.contains("+") || time.contains("-") ? text : text + "Z"
        }
        return text + zero.dropFirst(text.count) + "Z"
    }
}
