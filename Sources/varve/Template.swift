/// Go's text templates, as far as `--format` needs them: fields, variables, pipes, `range`, `if`, `with`, and the functions
/// that Docker's command has.
struct Template {
    /// A piece of the template.
    indirect enum Node {
        case text(String)
        case value(Pipeline)
        case range(Pipeline, [Node], [Node])
        case choice(Pipeline, [Node], [Node])
        case with(Pipeline, [Node], [Node])
        case leave(Exit)
    }

    /// How a loop is left early.
    enum Exit: String { case `break`, `continue` }

    /// Commands, each of which gives its value to the next, and the variables that take the last one.
    struct Pipeline {
        var variables: [String] = []
        /// `=`: the variables are there already; `:=` makes new ones.
        var assigns = false
        var commands: [[Operand]] = []
    }

    /// A word of a command.
    indirect enum Operand {
        case field([String])
        case variable(String, [String])
        case literal(JSON)
        case function(TemplateFunction)
        case group(Pipeline, [String])
    }

    private let nodes: [Node]

    init(_ source: String) throws {
        var parser = TemplateParser(pieces: try TemplateLexer.pieces(of: source))
        nodes = try parser.whole()
    }

    func render(_ value: JSON) throws -> String {
        var renderer = TemplateRenderer(root: value)
        return try renderer.render(nodes, dot: value)
    }

    /// A row of a listing: `.Label "key"` looks into its labels, and what is JSON of it has no `<`, `>` and `&`.
    func render(row: JSON, labels: JSON) throws -> String {
        var renderer = TemplateRenderer(root: row)
        renderer.labels = labels
        return try renderer.render(nodes, dot: row)
    }

    /// A table's headings: functions that change text leave them as they are.
    func render(headings: JSON) throws -> String {
        var renderer = TemplateRenderer(root: headings)
        renderer.isHeader = true
        return try renderer.render(nodes, dot: headings)
    }

    static func bad(_ why: String) -> Failure { Failure(message: "template parsing error: \(why)") }
}
