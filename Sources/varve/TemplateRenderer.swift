/// Fills a template with a value.
struct TemplateRenderer {
    private var variables: [(name: String, value: JSON)]
    private var exit: Template.Exit?
    /// Of a row of a listing; nil for anything else.
    var labels: JSON?
    var isHeader = false

    init(root: JSON) { variables = [("$", root)] }

    mutating func render(_ nodes: [Template.Node], dot: JSON) throws -> String {
        var text = ""
        for node in nodes {
            text += try render(node, dot)
            if exit != nil { break }
        }
        return text
    }

    private mutating func render(_ node: Template.Node, _ dot: JSON) throws -> String {
        let outside = variables.count
        switch node {
        case .text(let text): return text
        case .leave(let how):
            exit = how
            return ""
        case .value(let pipeline):
            let value = try evaluate(pipeline, dot)
            // An assignment says nothing.
            return pipeline.variables.isEmpty ? text(of: value, from: pipeline) : ""
        case .choice(let pipeline, let yes, let no):
            defer { variables.removeSubrange(outside...) }
            return try render(isTrue(try evaluate(pipeline, dot)) ? yes : no, dot: dot)
        case .with(let pipeline, let yes, let no):
            defer { variables.removeSubrange(outside...) }
            let value = try evaluate(pipeline, dot)
            return isTrue(value) ? try render(yes, dot: value) : try render(no, dot: dot)
        case .range(let pipeline, let body, let none):
            defer { variables.removeSubrange(outside...) }
            return try loop(pipeline, body, none, dot)
        }
    }

    /// Over a list, or an object's fields in the order of their names.
    private mutating func loop(
        _ pipeline: Template.Pipeline,
        _ body: [Template.Node],
        _ none: [Template.Node],
        _ dot: JSON
    ) throws -> String {
        var source = pipeline
        source.variables = []
        let list = try evaluate(source, dot)
        let fields = list.fields.sorted { $0.key < $1.key }
        var items = list.elements.enumerated().map { (key: JSON.int($0.offset), value: $0.element) }
        items += fields.map { (key: .string($0.key), value: $0.value) }
        if let count = list.int { items = (0..<max(0, count)).map { (key: .int($0), value: .int($0)) } }
        guard !items.isEmpty else { return try render(none, dot: dot) }
        var text = ""
        let outside = variables.count
        for item in items {
            let values = pipeline.variables.count == 2 ? [item.key, item.value] : [item.value]
            for (name, value) in zip(pipeline.variables, values) { variables.append((name, value)) }
            text += try render(body, dot: item.value)
            variables.removeSubrange(outside...)
            let left = exit
            exit = nil
            if left == .break { break }
        }
        return text
    }

    private mutating func evaluate(_ pipeline: Template.Pipeline, _ dot: JSON) throws -> JSON {
        var piped: JSON?
        for command in pipeline.commands { piped = try evaluate(command, dot, piped) }
        let value = piped ?? .null
        for name in pipeline.variables {
            // `$x = …` inside a loop counts behind it; `$x := …` is the block's own, and ends with it.
            if pipeline.assigns, let place = variables.lastIndex(where: { $0.name == name }) {
                variables[place].value = value
            } else {
                variables.append((name, value))
            }
        }
        return value
    }

    /// `and` and `or`: what stands behind the operand that decides is not looked at, so that it may be what can't be had.
    private mutating func decide(
        _ operands: ArraySlice<Template.Operand>,
        _ dot: JSON,
        _ piped: JSON?,
        by isDecisive: (JSON) -> Bool
    ) throws -> JSON {
        var last = JSON.null
        for operand in operands {
            last = try value(operand, dot)
            if isDecisive(last) { return last }
        }
        return piped ?? last
    }

    private mutating func evaluate(_ command: [Template.Operand], _ dot: JSON, _ piped: JSON?) throws -> JSON {
        guard let first = command.first else { return .null }
        if case .function(.and) = first { return try decide(command.dropFirst(), dot, piped) { !isTrue($0) } }
        if case .function(.or) = first { return try decide(command.dropFirst(), dot, piped) { isTrue($0) } }
        var arguments: [JSON] = []
        for operand in command.dropFirst() { arguments.append(try value(operand, dot)) }
        if let piped { arguments.append(piped) }
        switch first {
        case .function(let function):
            if isHeader, function.changesText { return arguments.first { $0.string != nil } ?? .null }
            if labels != nil, function == .json, let row = arguments.first, !row.fields.isEmpty {
                return .string(row.webText)
            }
            return try function.apply(arguments)
        case .field(["Label"]) where isHeader && arguments.count == 1:
            // `com.example.some-key` heads its column with `some key`.
            let name = arguments[0].string ?? ""
            let last = name.split(separator: ".").last ?? ""
            return .string(String(last.map { "-_".contains($0) ? " " : $0 }))
        case .field(["Label"]) where labels != nil && arguments.count == 1:
            return .string(labels?[arguments[0].string ?? ""].string ?? "")
        default:
            guard arguments.isEmpty else { throw Template.bad("can't give arguments to a value that is no function") }
            return try value(first, dot)
        }
    }

    private mutating func value(_ operand: Template.Operand, _ dot: JSON) throws -> JSON {
        switch operand {
        case .literal(let literal): return literal
        case .field(let path): return try follow(path, from: dot)
        case .variable(let name, let path):
            return try follow(path, from: variables.last { $0.name == name }?.value ?? .null)
        case .group(let pipeline, let path): return try follow(path, from: try evaluate(pipeline, dot))
        case .function(let function): return try function.apply([])
        }
    }

    private func follow(_ path: [String], from value: JSON) throws -> JSON {
        var value = value
        for (place, name) in path.enumerated() {
            let inside = place > 0 ? path[place - 1] : nil
            value = try GoField.of(value, name, inside: inside, isHeader: isHeader)
        }
        return value
    }

    /// Null is what a Go value of that field's type prints without a value.
    private func text(of value: JSON, from pipeline: Template.Pipeline) -> String {
        guard value.isNull, pipeline.commands.count == 1, pipeline.commands[0].count == 1 else { return shown(value) }
        switch pipeline.commands[0][0] {
        case .field(let path), .variable(_, let path), .group(_, let path):
            guard let last = path.last else { return shown(value) }
            return GoField.nothing(last, inside: path.dropLast().last)
        default: return shown(value)
        }
    }
}
