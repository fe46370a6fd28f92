/// A function that templates may call: Go's, and those that Docker's command adds.
enum TemplateFunction: String {
    case json, index, slice, len, join, split, upper, lower, title, pad, truncate, println, print, printf
    case and, or, not, eq, ne, lt, le, gt, ge

    /// Those that a table's heading is not put through.
    var changesText: Bool { [.json, .upper, .lower, .title, .truncate].contains(self) }

    func apply(_ arguments: [JSON]) throws -> JSON {
        let first = arguments.first ?? .null
        let last = arguments.last ?? .null
        switch self {
        case .json: return .string(first.text())
        case .index: return try arguments.dropFirst().reduce(first, element)
        case .slice: return try part(of: first, arguments.dropFirst().map { $0.int ?? 0 })
        case .len: return .int(first.string?.utf8.count ?? (first.elements.count + first.fields.count))
        case .join: return .string(first.elements.map(shown).joined(separator: last.string ?? ""))
        case .split: return .strings(pieces(of: shown(first), by: last.string ?? ""))
        case .upper: return .string(shown(first).uppercased())
        case .lower: return .string(shown(first).lowercased())
        case .title: return .string(titled(shown(first)))
        case .pad: return .string(padded(arguments))
        case .truncate: return .string(String(shown(first).prefix(max(0, last.int ?? 0))))
        case .println: return .string(arguments.map(shown).joined(separator: " ") + "\n")
        case .print: return .string(arguments.map(shown).joined())
        case .printf: return .string(formatted(shown(first), Array(arguments.dropFirst())))
        // With operands these are the renderer's, which stops at the one that decides.
        case .and, .or: return last
        case .not: return .bool(!isTrue(first))
        case .eq: return .bool(arguments.dropFirst().contains { shown($0) == shown(first) })
        case .ne: return .bool(shown(first) != shown(last))
        case .lt: return .bool(isLess(first, last))
        case .le: return .bool(!isLess(last, first))
        case .gt: return .bool(isLess(last, first))
        case .ge: return .bool(!isLess(first, last))
        }
    }

    private func element(of value: JSON, at key: JSON) throws -> JSON {
        if let name = key.string { return value[name] }
        let values = value.elements
        guard let index = key.int, values.indices.contains(index) else {
            throw Failure(message: "template: error calling index: index out of range: \(key.text())")
        }
        return values[index]
    }

    private func part(of value: JSON, _ bounds: [Int]) throws -> JSON {
        let text = value.string.map { Array($0.utf8) }
        let count = text?.count ?? value.elements.count
        let (start, end) = (bounds.first ?? 0, bounds.count > 1 ? bounds[1] : count)
        guard 0 <= start, start <= end, end <= count else {
            throw Failure(message: "template: error calling slice: index out of range: \(max(start, end))")
        }
        if let text { return .string(String(decoding: text[start..<end], as: UTF8.self)) }
        return .array(Array(value.elements[start..<end]))
    }

    private func pieces(of text: String, by separator: String) -> [String] {
        guard !separator.isEmpty else { return text.map(String.init) }
        var pieces: [String] = []
        var rest = Substring(text)
        while let place = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<place]))
            rest = rest[rest.index(place, offsetBy: separator.count)...]
        }
        return pieces + [String(rest)]
    }

    /// Every word with a capital.
    private func titled(_ text: String) -> String {
        var startsWord = true
        return text.map { character in
            defer { startsWord = !(character.isLetter || character.isNumber || character == "_" || character == "'") }
            return startsWord ? character.uppercased() : String(character)
        }.joined()
    }

    /// `pad TEXT BEFORE AFTER`: so many spaces on either side, but none for nothing.
    private func padded(_ arguments: [JSON]) -> String {
        let text = arguments.first.map(shown) ?? ""
        guard !text.isEmpty, arguments.count == 3 else { return text }
        return String(repeating: " ", count: max(0, arguments[1].int ?? 0)) + text
            + String(repeating: " ", count: max(0, arguments[2].int ?? 0))
    }

    private func isLess(_ left: JSON, _ right: JSON) -> Bool {
        if case .number(let left) = left, case .number(let right) = right {
            return Double(left) ?? 0 < Double(right) ?? 0
        }
        return shown(left) < shown(right)
    }

    /// Go's `Sprintf` with `%s %v %d %q %t %x %f %%`, widths, `-` and `0`.
    private func formatted(_ pattern: String, _ arguments: [JSON]) -> String {
        var rest = Substring(pattern)
        var arguments = arguments[...]
        var text = ""
        while let character = rest.popFirst() {
            guard character == "%" else {
                text.append(character)
                continue
            }
            let flags = rest.prefix { "-+# 0123456789.".contains($0) }
            rest = rest.dropFirst(flags.count)
            guard let verb = rest.popFirst() else { return text + "%!(NOVERB)" }
            if verb == "%" {
                text.append("%")
            } else if let argument = arguments.popFirst() {
                text += aligned(written(argument, verb, flags), flags)
            } else {
                text += "%!\(verb)(MISSING)"
            }
        }
        return text
    }

    private func written(_ value: JSON, _ verb: Character, _ flags: Substring) -> String {
        switch verb {
        case "q": return goQuoted(shown(value))
        case "x": return value.int.map { String($0, radix: 16) } ?? shown(value)
        case "f":
            let digits = flags.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first.flatMap {
                Int($0)
            }
            return fixed(Double(value.text()) ?? 0, digits ?? 6)
        default: return shown(value)
        }
    }

    private func aligned(_ text: String, _ flags: Substring) -> String {
        let isLeft = flags.hasPrefix("-")
        let number = flags.drop { "-+# ".contains($0) }.prefix { $0.isNumber }
        guard let width = Int(number), text.count < width else { return text }
        let fill = String(repeating: number.hasPrefix("0") ? "0" : " ", count: width - text.count)
        return isLeft ? text + fill : fill + text
    }
}
