import ArgumentParser

/// `varve search`.
struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search a registry for images, where the daemon can.",
        discussion: "Example: varve search --limit 5 busybox"
    )

    @Option(name: .shortAndLong, help: "Only what matches: stars=3, is-official=true") var filter: [String] = []
    @Option(help: "json, table or a template.") var format: String?
    @Option(help: "The most results.") var limit: Int?
    @Flag(name: .customLong("no-trunc"), help: "Show everything in full.") var noTrunc = false
    @Argument(help: "What to search for.") var term: String

    func run() throws {
        let query = try [("term", term)] + (limit.map { [("limit", "\($0)")] } ?? []) + filterQuery(filter)
        let found = try Daemon().ask("GET", "/images/search", query: query).elements
        let rows = found.map { item -> JSON in
            let text = (item["description"].string ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
            return .object([
                (key: "Description", value: .string(noTrunc ? text : ellipsis(text, 45))),
                (key: "IsOfficial", value: .string(item["is_official"].bool == true ? "[OK]" : "")),
                (key: "Name", value: item["name"]),
                (key: "StarCount", value: .string("\(item["star_count"].int ?? 0)")),
            ])
        }
        let columns = [
            (header: "NAME", field: "Name"), (header: "DESCRIPTION", field: "Description"),
            (header: "STARS", field: "StarCount"), (header: "OFFICIAL", field: "IsOfficial"),
        ]
        try Listing(columns: columns, rows: rows).show(format: format, quiet: false)
    }
}
