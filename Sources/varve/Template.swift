/// The part of Go's templates that listings and `inspect --format` need: fields, `json`, `index`, `len`, `join`, `upper`,
/// `lower`, `println`, pipes, `range`, `if`, `else`, `end`.
struct Template {
    private indirect enum Node {
        case text(String)
        case value([[Term]])
        case range([[Term]], [Node], [Node])
        case choice([[Term]], [Node], [Node])
    }

    private enum Term { case path([String]), literal(JSON), function(String) }

    private let nodes: [Node]

    init(_ source: String) throws {
        var tokens = try Self.tokens(source)[...]
        nodes = try Self.parse(&tokens).nodes
        guard tokens.isEmpty else { throw Self.bad("unexpected {{end}} or {{else}}") }
    }

    func render(_ value: JSON) throws -> String { try Self.render(nodes, value) }

    // MARK: reading

    private enum Token { case text(String), action([String]) }

    private static func bad(_ why: String) -> Failure { Failure(message: "template parsing error: \(why)") }

    private static func tokens(_ source: String) throws -> [Token] {
        var tokens: [Token] = []
        var rest = Substring(source)
        while let open = find("{{", in: rest) {
            tokens.append(.text(unescaped(rest[..<open])))
            rest = rest[rest.index(open, offsetBy: 2)...]
            guard let close = find("}}", in: rest) else { throw bad("unclosed action") }
            tokens.append(.action(try words(rest[..<close])))
            rest = rest[rest.index(close, offsetBy: 2)...]
        }
        return tokens + [.text(unescaped(rest))]
    }

    private static func find(_ mark: String, in text: Substring) -> Substring.Index? {
        text.indices.first { text[$0...].hasPrefix(mark) }
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let character = rest.popFirst() {
            switch (character, rest.first) {
            case ("\\", "t"):
                rest.removeFirst()
                result += "\t"
            case ("\\", "n"):
                rest.removeFirst()
                result += "\n"
            default: result.append(character)
            }
        }
        return result
    }

    /// The words of an action; a quoted one keeps its first quote, as a mark.
    private static func words(_ text: Substring) throws -> [String] {
        var words: [String] = []
        var rest = text
        while let first = rest.first {
            if first == " " || first == "\t" {
                rest.removeFirst()
            } else if first == "\"" || first == "`" {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: first) else { throw bad("unterminated quoted string") }
                words.append("\"" + rest[..<end])
                rest = rest[rest.index(after: end)...]
            } else if first == "|" {
                rest.removeFirst()
                words.append("|")
            } else if first == "(" || first == ")" {
                rest.removeFirst()
            } else {
                let word = rest.prefix { !" \t|()".contains($0) }
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            }
        }
        return words
    }

    private static func parse(_ tokens: inout ArraySlice<Token>) throws -> (nodes: [Node], stop: String) {
        var nodes: [Node] = []
        while let token = tokens.popFirst() {
            switch token {
            case .text(let text): if !text.isEmpty { nodes.append(.text(text)) }
            case .action(let words):
                let keyword = words.first ?? ""
                if keyword == "end" || keyword == "else" {
                    return (nodes, keyword)
                }
                if keyword == "range" || keyword == "if" {
                    let (inner, stop) = try parse(&tokens)
                    let other = stop == "else" ? try parse(&tokens).nodes : []
                    let terms = try pipeline(words.dropFirst())
                    nodes.append(keyword == "if" ? .choice(terms, inner, other) : .range(terms, inner, other))
                } else {
                    nodes.append(.value(try pipeline(words[...])))
                }
            }
        }
        return (nodes, "")
    }

    private static func pipeline(_ words: ArraySlice<String>) throws -> [[Term]] {
        guard !words.isEmpty else { throw bad("missing value for command") }
        return try words.split(separator: "|").map { try $0.map(term) }
    }

    private static func term(_ word: String) throws -> Term {
        if word.hasPrefix("\"") { return .literal(.string(String(word.dropFirst()))) }
        if word == "$" || word.hasPrefix(".") || word.hasPrefix("$.") {
            return .path(word.split(separator: ".").map(String.init).filter { $0 != "$" })
        }
        if Int(word) != nil { return .literal(.number(word)) }
        guard TemplateFunction(rawValue: word) != nil else { throw bad("function \"\(word)\" not defined") }
        return .function(word)
    }

    // MARK: rendering

    private static func render(_ nodes: [Node], _ value: JSON) throws -> String {
        try nodes.map { node in
            switch node {
            case .text(let text): return text
            case .value(let terms): return shown(try evaluate(terms, value))
            case .choice(let terms, let yes, let no):
                return try render(isTrue(try evaluate(terms, value)) ? yes : no, value)
            case .range(let terms, let body, let none):
                let list = try evaluate(terms, value)
                let values = list.elements + list.fields.map(\.value)
                return values.isEmpty ? try render(none, value) : try values.map { try render(body, $0) }.joined()
            }
        }.joined()
    }

    private static func evaluate(_ pipeline: [[Term]], _ value: JSON) throws -> JSON {
        var piped: [JSON] = []
        for terms in pipeline {
            let arguments = try terms.compactMap { term -> JSON? in
                switch term {
                case .path(let path): try path.reduce(value) { try field($1, of: $0) }
                case .literal(let literal): literal
                case .function: nil
                }
            }
            if case .function(let name) = terms.first, let function = TemplateFunction(rawValue: name) {
                piped = [try function.apply(arguments + piped)]
            } else {
                piped = Array(arguments.prefix(1))
            }
        }
        return piped.first ?? .null
    }

    private static func field(_ name: String, of value: JSON) throws -> JSON {
        guard case .object(let fields) = value else {
            throw Failure(message: "template: can't evaluate field \(name) in \(value.text())")
        }
        guard
            let found = fields.first(where: { $0.key == name })
                ?? fields.first(where: { $0.key.lowercased() == name.lowercased() })
        else { throw Failure(message: "template: map has no entry for key \"\(name)\"") }
        return found.value
    }
}

/// As Go prints a value.
func shown(_ value: JSON) -> String {
    switch value {
    case .null: "<no value>"
    case .string(let text): text
    case .array(let values): "[" + values.map(shown).joined(separator: " ") + "]"
    case .object(let fields): "map[" + fields.map { "\($0.key):\(shown($0.value))" }.joined(separator: " ") + "]"
    default: value.text()
    }
}

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
