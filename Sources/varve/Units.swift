import Glibc

/// `1.98MB`: three significant digits, powers of 1000, as Docker writes sizes.
func humanSize(_ bytes: Int, digits: Int = 3) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    return significant(value, digits) + units[unit]
}

/// C's `%.{digits}g`.
func significant(_ value: Double, _ digits: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%.\(digits)g", $0) }
    return String(decoding: buffer.prefix(Int(max(0, count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `5 minutes`, in Docker's words.
func humanDuration(seconds: Int) -> String {
    let (minutes, hours) = (seconds / 60, Int((Double(seconds) / 3600).rounded()))
    switch seconds {
    case ..<1: return "Less than a second"
    case 1: return "1 second"
    case ..<60: return "\(seconds) seconds"
    default: break
    }
    switch minutes {
    case 1: return "About a minute"
    case ..<60: return "\(minutes) minutes"
    default: break
    }
    switch hours {
    case 1: return "About an hour"
    case ..<48: return "\(hours) hours"
    case ..<(24 * 14): return "\(hours / 24) days"
    case ..<(24 * 60): return "\(hours / 24 / 7) weeks"
    case ..<(24 * 365 * 2): return "\(hours / 24 / 30) months"
    default: return "\(hours / 24 / 365) years"
    }
}

/// How long ago a moment was, in seconds since 1970.
func ago(_ created: Int) -> String { created <= 0 ? "N/A" : humanDuration(seconds: time(nil) - created) + " ago" }

/// `2026-11-21T06:00:00Z`.
func timestamp(_ seconds: Int) -> String {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
}

/// Reads `64m`, `1.5g`, `512` as bytes, powers of 1024.
func parseSize(_ text: String) throws -> Int {
    let lower = text.lowercased()
    let digits = lower.prefix { $0.isNumber || $0 == "." }
    let unit = lower.dropFirst(digits.count).drop { $0 == " " }
    let powers: [String: Int] = ["": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5]
    var name = String(unit)
    if name.count > 1, name.hasSuffix("b") { name.removeLast() }
    if name.count > 1, name.hasSuffix("i") { name.removeLast() }
    guard let value = Double(digits), let power = powers[name] else {
        throw Failure(message: "invalid size: '\(text)'", status: 125)
    }
    return Int(value * pow(1024, Double(power)))
}

/// The first twelve digits of an ID, without its algorithm.
func shortID(_ id: String) -> String {
    String((id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]).prefix(12))
}
