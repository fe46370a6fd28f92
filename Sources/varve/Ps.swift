import ArgumentParser

/// `varve ps`.
struct Ps: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List containers.",
        discussion: "Example: varve ps -a --filter status=exited"
    )

    @OptionGroup var listing: ListingOptions
    @Flag(name: .shortAndLong, help: "Show all containers, not only running ones.") var all = false
    @Flag(name: .shortAndLong, help: "Show how much each has written.") var size = false
    @Flag(name: .shortAndLong, help: "Show the one created last.") var latest = false
    @Option(name: [.customShort("n"), .long], help: "Show the N created last.") var last: Int?
    @Option(name: .shortAndLong, help: "Only containers that match: name=…, status=…, ancestor=…") var filter:
        [String] = []

    func run() throws {
        var query = try filterQuery(filter)
        if all { query.append(("all", "1")) }
        if let count = latest ? 1 : last { query.append(("limit", "\(count)")) }
        if size { query.append(("size", "1")) }
        let rows = try Daemon().ask("GET", "/containers/json", query: query).elements.map(row)
        var columns = [
            (header: "CONTAINER ID", field: "ID"), (header: "IMAGE", field: "Image"),
            (header: "COMMAND", field: "Command"),
            (header: "CREATED", field: "RunningFor"), (header: "STATUS", field: "Status"),
            (header: "PORTS", field: "Ports"),
            (header: "NAMES", field: "Names"),
        ]
        if size { columns.append((header: "SIZE", field: "Size")) }
        try Listing(columns: columns, rows: rows).show(format: listing.format, quiet: listing.quiet)
    }

    private func row(_ container: JSON) -> JSON {
        let id = container["Id"].string ?? ""
        let image = container["Image"].string ?? ""
        let command = container["Command"].string ?? ""
        let names = container["Names"].elements.compactMap(\.string).map {
            $0.hasPrefix("/") ? String($0.dropFirst()) : $0
        }
        let labels = container["Labels"].fields.map { "\($0.key)=\($0.value.string ?? "")" }.sorted()
        let mounts = container["Mounts"].elements.map { $0["Name"].string ?? $0["Source"].string ?? "" }
        let created = container["Created"].int ?? 0
        return .object([
            (key: "Command", value: .string("\"\(listing.noTrunc ? command : ellipsis(command, 20))\"")),
            (key: "CreatedAt", value: .string(timestamp(created))),
            (key: "ID", value: .string(listing.noTrunc ? id : shortID(id))),
            (key: "Image", value: .string(image.hasPrefix("sha256:") && !listing.noTrunc ? shortID(image) : image)),
            (key: "Labels", value: .string(labels.joined(separator: ","))),
            (key: "LocalVolumes", value: .string("0")),
            (key: "Mounts", value: .string(mounts.joined(separator: ","))),
            (key: "Names", value: .string(names.joined(separator: ","))),
            (key: "Networks", value: .string(container["HostConfig"]["NetworkMode"].string ?? "")),
            (key: "Ports", value: .string("")),
            (key: "RunningFor", value: .string(ago(created))),
            (key: "Size", value: .string(sizes(container))),
            (key: "State", value: container["State"]),
            (key: "Status", value: container["Status"]),
        ])
    }

    private func sizes(_ container: JSON) -> String {
        let own = humanSize(container["SizeRw"].int ?? 0)
        guard let whole = container["SizeRootFs"].int, whole > 0 else { return own }
        return "\(own) (virtual \(humanSize(whole)))"
    }
}

/// At most `length` characters, the last one `…` where there were more.
func ellipsis(_ text: String, _ length: Int) -> String {
    text.count <= length ? text : text.prefix(length - 1) + "…"
}
