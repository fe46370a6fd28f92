/// Makes a tree of a template's pieces.
struct TemplateParser {
    private var pieces: ArraySlice<TemplateLexer.Piece>
    /// The variables that may be used so far.
    private var known: Set<String> = ["$"]

    init(pieces: [TemplateLexer.Piece]) { self.pieces = pieces[...] }

    mutating func whole() throws -> [Template.Node] {
        let (nodes, stop) = try block()
        guard stop.isEmpty else { throw Template.bad("unexpected {{\(stop)}}") }
        return nodes
    }

    /// The nodes up to `end` or `else`; `else if` and `else with` give their words, too.
    private mutating func block() throws -> (nodes: [Template.Node], stop: String) {
        var nodes: [Template.Node] = []
        while let piece = pieces.popFirst() {
            switch piece {
            case .text(let text): if !text.isEmpty { nodes.append(.text(text)) }
            case .action(let words):
                guard case .plain(let keyword) = words.first else {
                    nodes.append(.value(try pipeline(words[...])))
                    continue
                }
                let rest = words.dropFirst()
                switch keyword {
                case "end": return (nodes, keyword)
                case "else":
                    if !rest.isEmpty { pieces.insert(.action(Array(rest)), at: pieces.startIndex) }
                    return (nodes, rest.isEmpty ? keyword : "else if")
                case "if", "with", "range": nodes.append(try control(keyword, rest))
                case "break", "continue":
                    guard let exit = Template.Exit(rawValue: keyword) else { continue }
                    nodes.append(.leave(exit))
                case "define", "template", "block": throw Template.bad("{{\(keyword)}} is not supported")
                default: nodes.append(.value(try pipeline(words[...])))
                }
            }
        }
        return (nodes, "")
    }

    private mutating func control(_ keyword: String, _ words: ArraySlice<TemplateLexer.Word>) throws -> Template.Node {
        let outside = known
        defer { known = outside }
        let pipeline = try pipeline(words)
        let (body, stop) = try block()
        var other: [Template.Node] = []
        switch stop {
        case "end": break
        case "else":
            let (nodes, end) = try block()
            guard end == "end" else { throw Template.bad("unexpected EOF: {{\(keyword)}} without its {{end}}") }
            other = nodes
        case "else if":
            // `{{else if x}}…{{end}}` is `{{else}}{{if x}}…{{end}}{{end}}` with one end for both.
            guard case .action(let words) = pieces.popFirst(), case .plain(let inner) = words.first,
                inner == "if" || inner == "with"
            else { throw Template.bad("unexpected words behind {{else}}") }
            other = [try control(inner, words.dropFirst())]
        default: throw Template.bad("unexpected EOF: {{\(keyword)}} without its {{end}}")
        }
        switch keyword {
        case "if": return .choice(pipeline, body, other)
        case "with": return .with(pipeline, body, other)
        default: return .range(pipeline, body, other)
        }
    }

    /// `$i, $x := .List | f`.
    private mutating func pipeline(_ words: ArraySlice<TemplateLexer.Word>) throws -> Template.Pipeline {
        var words = words
        var result = Template.Pipeline()
        if let place = words.firstIndex(where: { $0 == .plain(":=") || $0 == .plain("=") }) {
            result.assigns = words[place] == .plain("=")
            for word in words[..<place] where word != .plain(",") {
                guard case .plain(let name) = word, name.hasPrefix("$") else { throw Template.bad("bad variable") }
                guard !result.assigns || known.contains(name) else {
                    throw Template.bad("undefined variable \"\(name)\"")
                }
                result.variables.append(name)
                known.insert(name)
            }
            words = words[(place + 1)...]
        }
        result.commands = try commands(&words)
        guard words.isEmpty else { throw Template.bad("unexpected right paren") }
        return result
    }

    private func commands(_ words: inout ArraySlice<TemplateLexer.Word>) throws -> [[Template.Operand]] {
        var commands: [[Template.Operand]] = [[]]
        while let word = words.first, word != .plain(")") {
            words.removeFirst()
            if word == .plain("|") {
                commands.append([])
            } else {
                commands[commands.count - 1].append(try operand(word, &words))
            }
        }
        guard !commands.contains(where: \.isEmpty) else { throw Template.bad("missing value for command") }
        return commands
    }

    private func operand(
        _ word: TemplateLexer.Word,
        _ words: inout ArraySlice<TemplateLexer.Word>
    ) throws -> Template.Operand {
        switch word {
        case .string(let text): return .literal(.string(text))
        case .chained(let name): throw Template.bad("unexpected \(name)")
        case .plain("("):
            let inner = Template.Pipeline(commands: try commands(&words))
            guard words.popFirst() == .plain(")") else { throw Template.bad("unclosed left paren") }
            guard case .chained(let path) = words.first else { return .group(inner, []) }
            words.removeFirst()
            return .group(inner, fields(path))
        case .plain(let name): return try named(name)
        }
    }

    private func named(_ name: String) throws -> Template.Operand {
        if name.hasPrefix(".") { return .field(fields(name)) }
        if name.hasPrefix("$") {
            let variable = String(name.prefix { $0 != "." })
            guard known.contains(variable) else { throw Template.bad("undefined variable \"\(variable)\"") }
            return .variable(variable, fields(String(name.dropFirst(variable.count))))
        }
        if name == "true" || name == "false" { return .literal(.bool(name == "true")) }
        if name == "nil" { return .literal(.null) }
        if Double(name) != nil { return .literal(.number(name)) }
        guard let function = TemplateFunction(rawValue: name) else {
            throw Template.bad("function \"\(name)\" not defined")
        }
        return .function(function)
    }

    private func fields(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }
}
