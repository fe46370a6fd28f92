import Glibc

/// A point in time as people see it: in the host's time zone.
struct Moment {
    private let parts: tm
    private let nanoseconds: Int

    init(seconds: Int, nanoseconds: Int = 0) {
        var moment = time_t(seconds)
        var parts = tm()
        localtime_r(&moment, &parts)
        self.parts = parts
        self.nanoseconds = nanoseconds
    }

    private func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private var date: String { "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))" }
    private var clock: String { "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))" }

    private func offset(colon: String) -> String {
        let minutes = parts.tm_gmtoff / 60
        let (hour, minute) = (CInt(abs(minutes) / 60), CInt(abs(minutes) % 60))
        return (minutes < 0 ? "-" : "+") + two(hour) + colon + two(minute)
    }

    private var zone: String { parts.tm_gmtoff == 0 ? "Z" : offset(colon: ":") }

    /// `2026-11-21T06:00:00Z`.
    var rfc3339: String { "\(date)T\(clock)\(zone)" }

    /// With all nine digits of its nanoseconds.
    var precise: String {
        let fraction = String(nanoseconds)
        return "\(date)T\(clock).\(String(repeating: "0", count: 9 - fraction.count))\(fraction)\(zone)"
    }

    /// `2026-11-21 06:00:00 +0000 UTC`, as Go prints a time.
    var spoken: String {
        let name = parts.tm_zone.map { String(cString: $0) } ?? ""
        return "\(date) \(clock) \(offset(colon: "")) \(name == "GMT" ? "UTC" : name)"
    }
}

/// How long ago a moment was, in seconds since 1970.
func ago(_ created: Int) -> String { created <= 0 ? "N/A" : humanDuration(seconds: time(nil) - created) + " ago" }

extension Moment {
    /// An RFC 3339 time from the API as Go prints it: `2026-11-21 06:00:00.5 +0000 UTC`.
    static func spoken(_ text: String) -> String {
        guard let mark = text.firstIndex(of: "T") else { return text }
        let clock = text[text.index(after: mark)...]
        var time = clock.prefix { $0.isNumber || $0 == ":" || $0 == "." }
        let offset = clock.dropFirst(time.count).filter { $0 != ":" }
        while time.contains("."), time.last == "0" || time.last == "." { time.removeLast() }
        return "\(text[..<mark]) \(time) " + (offset == "Z" ? "+0000 UTC" : "\(offset) \(offset)")
    }
}
