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

/// C's `%.{digits}f`.
func fixed(_ value: Double, _ digits: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 400)
    let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%.\(max(0, min(digits, 30)))f", $0) }
    return String(decoding: buffer.prefix(Int(max(0, count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `7.391MiB`: four significant digits, powers of 1024, as Docker writes memory.
func binarySize(_ bytes: Double) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = bytes
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return significant(value, 4) + units[unit]
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
    let bytes = value * pow(1024, Double(power))
    guard bytes < 9e18 else {
        throw Failure(message: "invalid size: '\(text)' is more than can be counted", status: 125)
    }
    return Int(bytes)
}

/// The first twelve digits of an ID, without its algorithm.
func shortID(_ id: String) -> String {
    String((id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]).prefix(12))
}

/// Nanoseconds of a duration as Go writes it: `1m30s`, `1.5h`, `250ms`.
func nanoseconds(_ text: String) throws -> Int {
    let units: [String: Double] = ["ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9]
    var rest = Substring(text)
    var sum = 0.0
    while !rest.isEmpty {
        let digits = rest.prefix { $0.isNumber || $0 == "." }
        rest = rest.dropFirst(digits.count)
        let unit = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(unit.count)
        guard let number = Double(digits), let factor = units[String(unit)] else {
            throw Failure(message: "invalid duration '\(text)': write it as 30s, 1m30s or 500ms")
        }
        sum += number * factor
    }
    guard !text.isEmpty, sum < 9e18 else { throw Failure(message: "invalid duration '\(text)'") }
    return Int(sum)
}
