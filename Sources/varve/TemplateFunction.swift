/// A function that templates may call.
enum TemplateFunction: String {
    case json, index, len, join, upper, lower, title, println, print, not, eq, ne, truncate

    func apply(_ arguments: [JSON]) throws -> JSON {
        let first = arguments.first ?? .null
        switch self {
        case .json: return .string(first.text())
        case .index: return try arguments.dropFirst().reduce(first, element)
        case .len: return .int(first.string?.utf8.count ?? (first.elements.count + first.fields.count))
        case .join: return .string(first.elements.map(shown).joined(separator: arguments.last?.string ?? ""))
        case .upper: return .string(shown(first).uppercased())
        case .lower: return .string(shown(first).lowercased())
        case .title: return .string(shown(first).prefix(1).uppercased() + shown(first).dropFirst())
        case .println: return .string(arguments.map(shown).joined(separator: " ") + "\n")
        case .print: return .string(arguments.map(shown).joined())
        case .not: return .bool(!isTrue(first))
        case .eq: return .bool(arguments.dropFirst().contains { shown($0) == shown(first) })
        case .ne: return .bool(arguments.dropFirst().allSatisfy { shown($0) != shown(first) })
        case .truncate: return .string(String(shown(first).prefix(arguments.last?.int ?? 0)))
        }
    }

    private func element(of value: JSON, at key: JSON) throws -> JSON {
        if let name = key.string { return value[name] }
        let values = value.elements
        guard let index = key.int, values.indices.contains(index) else {
            throw Failure(message: "template: index out of range: \(key.text())")
        }
        return values[index]
    }
}
