import ArgumentParser

/// A listing: rows with named fields, shown as a table, as JSON, or by a template.
struct Listing {
    /// Header and template of each column of the table.
    let columns: [(header: String, field: String)]
    /// Objects with the fields that templates name.
    let rows: [JSON]
    /// What `-q` prints.
    var quietField = "ID"

    func show(format: String?, quiet: Bool) throws {
        if quiet, format == nil {
            return put(rows.map { ($0[quietField].string ?? "") + "\n" }.joined())
        }
        switch format {
        case nil, "table": put(table([columns.map(\.header)] + rows.map { row in columns.map { text(row[$0.field]) } }))
        case "json": for row in rows { put(sorted(row).text() + "\n") }
        case let format?:
            guard format.hasPrefix("table ") else {
                let template = try Template(format)
                return put(try rows.map { try template.render($0) + "\n" }.joined())
            }
            try showTable(Array(cells: format.dropFirst("table ".count)))
        }
    }

    /// `table {{.ID}}\t{{.Names}}`: the headers are those of the fields named.
    private func showTable(_ cells: [String]) throws {
        let templates = try cells.map(Template.init)
        let names = Dictionary(columns.map { ($0.field, JSON.string($0.header)) }) { first, _ in first }
        let all = rows.first?.fields.map { (key: $0.key, value: names[$0.key] ?? .string($0.key.uppercased())) } ?? []
        let headers = JSON.object(all.isEmpty ? names.map { (key: $0.key, value: $0.value) } : all)
        put(table(try ([headers] + rows).map { row in try templates.map { try $0.render(row) } }))
    }

    private func sorted(_ row: JSON) -> JSON { .object(row.fields.sorted { $0.key < $1.key }) }
    private func text(_ value: JSON) -> String { value.string ?? value.text() }
}

extension [String] {
    /// The cells of a table's template: a tab, or `\t` as a shell passes it, ends one.
    init(cells: some StringProtocol) {
        var list = [""]
        var rest = Substring(cells)
        while let character = rest.popFirst() {
            if character == "\t" {
                list.append("")
            } else if character == "\\", rest.first == "t" {
                rest.removeFirst()
                list.append("")
            } else {
                list[list.count - 1].append(character)
            }
        }
        self = list
    }
}

/// The flags that every listing has.
struct ListingOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show IDs only.") var quiet = false
    @Flag(name: .customLong("no-trunc"), help: "Show everything in full.") var noTrunc = false
    @Option(help: "table, json, 'table TEMPLATE' or a template: {{.ID}}, {{json .}}.") var format: String?
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
