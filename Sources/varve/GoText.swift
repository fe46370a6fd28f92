/// As Go prints a value.
func shown(_ value: JSON) -> String {
    switch value {
    case .null: "<no value>"
    case .string(let text): text
    case .array(let values): "[" + values.map(shown).joined(separator: " ") + "]"
    case .object(let fields):
        "map["
            + fields.sorted { $0.key < $1.key }.map { "\($0.key):\(shown($0.value))" }.joined(separator: " ") + "]"
    default: value.text()
    }
}

/// What Go's templates take as true.
func isTrue(_ value: JSON) -> Bool {
    switch value {
    case .null: false
    case .bool(let value): value
    case .number(let digits): Double(digits) != 0
    case .string(let text): !text.isEmpty
    case .array(let values): !values.isEmpty
    case .object(let fields): !fields.isEmpty
    }
}

/// As Go's `%q` writes text.
func goQuoted(_ text: String) -> String {
    let short: [Unicode.Scalar: String] = [
        "\"": "\\\"", "\\": "\\\\", "\u{07}": "\\a", "\u{08}": "\\b", "\u{0C}": "\\f", "\n": "\\n", "\r": "\\r",
        "\t": "\\t", "\u{0B}": "\\v",
    ]
    var result = "\""
    for scalar in text.unicodeScalars {
        if let escape = short[scalar] {
            result += escape
        } else if scalar.value < 32 || scalar.value == 127 {
            result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

/// At most `length` characters, the last one `…` where there were more.
func ellipsis(_ text: String, _ length: Int) -> String {
    text.unicodeScalars.count <= length
        ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(length - 1))) + "…"
}

/// `a2` before `a10`.
func comesBefore(_ left: String, _ right: String) -> Bool {
    var (left, right) = (left[...], right[...])
    while let one = left.first, let other = right.first {
        if one.isASCII, one.isNumber, other.isASCII, other.isNumber {
            let (digits, others) = (left.prefix { $0.isNumber }, right.prefix { $0.isNumber })
            let (number, next) = (digits.drop { $0 == "0" }, others.drop { $0 == "0" })
            if number != next { return number.count != next.count ? number.count < next.count : number < next }
            (left, right) = (left.dropFirst(digits.count), right.dropFirst(others.count))
        } else {
            if one != other { return one < other }
            (left, right) = (left.dropFirst(), right.dropFirst())
        }
    }
    return left.isEmpty && !right.isEmpty
}
