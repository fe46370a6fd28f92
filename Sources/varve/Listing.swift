import ArgumentParser

/// A listing: rows with named fields, shown as a table, as JSON, or by a template.
struct Listing {
    /// Heading and field of each column of the table.
    let columns: [(header: String, field: String)]
    /// Objects with the fields that templates name.
    let rows: [JSON]
    /// What `.Label "key"` of each row looks into.
    var labels: [JSON] = []
    /// Headings of fields that are no column; a field's name in capitals where nothing is said.
    var headings: [String: String] = [:]
    /// What `-q` prints.
    var quietField = "ID"
    /// A blank line behind each.
    var raw: [(label: String, field: String)] = []

    func show(format: String?, quiet: Bool) throws { put(try text(format: format, quiet: quiet)) }

    func text(format: String?, quiet: Bool = false) throws -> String {
        switch format {
        case nil, "table":
            if quiet { return rows.map { cell($0[quietField]) + "\n" }.joined() }
            return table([columns.map(\.header)] + rows.map { row in columns.map { cell(row[$0.field]) } })
        case "json": return rows.map { sorted($0).webText + "\n" }.joined()
        case "raw" where !raw.isEmpty: return rows.map(rawText).joined()
        case let format?:
            guard format.hasPrefix("table") else { return try lines(Template(Self.unescaped(format))) }
            let template = try Template(Self.unescaped(String(format.dropFirst("table".count))))
            return aligned(try template.render(headings: allHeadings) + "\n" + lines(template))
        }
    }

    private func lines(_ template: Template) throws -> String {
        try rows.enumerated().map { place, row in
            try template.render(row: sorted(row), labels: place < labels.count ? labels[place] : .object([])) + "\n"
        }.joined()
    }

    private func rawText(_ row: JSON) -> String {
        raw.map { line in
            let text = cell(row[line.field])
            return text.isEmpty ? "\(line.label):\n" : "\(line.label): \(text)\n"
        }.joined() + "\n"
    }

    private var allHeadings: JSON {
        var all: [(key: String, value: JSON)] = columns.map { (key: $0.field, value: .string($0.header)) }
        all += headings.map { (key: $0.key, value: .string($0.value)) }
        for field in rows.first?.fields ?? [] where !all.contains(where: { $0.key == field.key }) {
            all.append((key: field.key, value: .string(field.key.uppercased())))
        }
        return .object(all)
    }

    /// Without space around it, and with the tabs and line ends that a shell passes as `\t` and `\n`.
    private static func unescaped(_ format: String) -> String {
        var text = ""
        var rest = format[...]
        while let character = rest.popFirst() {
            if character == "\\", rest.first == "t" || rest.first == "n" {
                text += rest.removeFirst() == "t" ? "\t" : "\n"
            } else {
                text.append(character)
            }
        }
        while text.hasPrefix(" ") { text.removeFirst() }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private func sorted(_ row: JSON) -> JSON { .object(row.fields.sorted { $0.key < $1.key }) }
    private func cell(_ value: JSON) -> String { value.string ?? value.text() }
}

/// The flags that every listing has.
struct ListingOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show IDs only.") var quiet = false
    @Flag(name: .customLong("no-trunc"), help: "Show everything in full.") var noTrunc = false
    @Option(help: "table, json, 'table TEMPLATE' or a template: {{.ID}}, {{json .}}.") var format: String?
}

/// An object's fields as `a=1,b=2`, in order.
func joinedPairs(_ object: JSON) -> String {
    object.fields.map { "\($0.key)=\($0.value.string ?? "")" }.sorted().joined(separator: ",")
}

/// `-f key=value` as the API takes filters: `{"key":{"value":true}}`.
func filterQuery(_ filters: [String]) throws -> [(String, String)] {
    guard !filters.isEmpty else { return [] }
    var keys: [(key: String, value: JSON)] = []
    for filter in filters {
        guard let equals = filter.firstIndex(of: "=") else {
            throw Failure(
                message:
                    "invalid argument \"\(filter)\" for \"-f, --filter\" flag: bad format of filter (expected name=value)"
            )
        }
        let (key, value) = (String(filter[..<equals]), String(filter[filter.index(after: equals)...]))
        let place = keys.firstIndex { $0.key == key } ?? keys.count
        if place == keys.count { keys.append((key: key, value: .object([]))) }
        keys[place].value = .object(keys[place].value.fields + [(key: value, value: .bool(true))])
    }
    return [("filters", JSON.object(keys).text())]
}
