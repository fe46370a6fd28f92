/// A JSON value as it came: keys in their order, numbers in their own digits.
///
/// Listings and `--format` look at bodies field by field, and `inspect` shows them as they are, unknown fields included.
enum JSON {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// A field of an object; null where there is none.
    subscript(key: String) -> JSON {
        guard case .object(let fields) = self else { return .null }
        return fields.first { $0.key == key }?.value ?? .null
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var int: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }
    var double: Double? { if case .number(let digits) = self { Double(digits) } else { nil } }
    var isNull: Bool { if case .null = self { true } else { false } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements; none for anything but an array.
    var elements: [JSON] { if case .array(let values) = self { values } else { [] } }
    var fields: [(key: String, value: JSON)] { if case .object(let fields) = self { fields } else { [] } }

    static func int(_ value: some BinaryInteger) -> JSON { .number("\(value)") }
    static func strings(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }

    /// `key=value` each, as an object.
    static func pairs(_ entries: [String], separator: Character = "=") -> JSON {
        .object(
            entries.map { entry in
                guard let place = entry.firstIndex(of: separator) else { return (key: entry, value: .string("")) }
                return (key: String(entry[..<place]), value: .string(String(entry[entry.index(after: place)...])))
            }
        )
    }

    /// Compact, or over several lines with `indent` for each level.
    func text(indent: String? = nil, level: Int = 0) -> String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let digits): return digits
        case .string(let text): return quoted(text)
        case .array(let values):
            return joined(values.map { $0.text(indent: indent, level: level + 1) }, "[", "]", indent, level)
        case .object(let fields):
            let separator = indent == nil ? ":" : ": "
            let lines = fields.map { quoted($0.key) + separator + $0.value.text(indent: indent, level: level + 1) }
            return joined(lines, "{", "}", indent, level)
        }
    }

    /// As Go writes it by default: without the characters that mean something in HTML.
    var webText: String {
        let escapes: [Character: String] = ["<": "\\u003c", ">": "\\u003e", "&": "\\u0026"]
        return text().map { escapes[$0] ?? String($0) }.joined()
    }

    private func joined(_ parts: [String], _ open: String, _ close: String, _ indent: String?, _ level: Int) -> String {
        guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ",") + close }
        let inner = "\n" + String(repeating: indent, count: level + 1)
        return open + inner + parts.joined(separator: "," + inner) + "\n" + String(repeating: indent, count: level)
            + close
    }
}

extension JSON: Equatable {
    static func == (left: JSON, right: JSON) -> Bool { left.text() == right.text() }
}

private func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\r": quoted += "\\r"
        case "\t": quoted += "\\t"
        case _ where scalar.value < 32:
            quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
