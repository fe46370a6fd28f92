import ArgumentParser

/// `varve images`.
struct Images: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List images.",
        discussion: "Example: varve images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"
    )

    @OptionGroup var listing: ListingOptions
    @Flag(name: .shortAndLong, help: "Show images without a name that others build on, too.") var all = false
    @Flag(help: "Show digests.") var digests = false
    @Option(name: .shortAndLong, help: "Only images that match: dangling=true, label=…, reference=…") var filter:
        [String] = []
    @Argument(help: "Only this repository, or repository:tag.") var name: String?

    func run() throws {
        var query = try filterQuery(filter + (name.map { ["reference=\($0)"] } ?? []))
        if all { query.append(("all", "1")) }
        let images = try Daemon().ask("GET", "/images/json", query: query).elements
        let rows = images.flatMap(imageRows)
        let id = listing.noTrunc ? "FullID" : "ID"
        var columns = [("REPOSITORY", "Repository"), ("TAG", "Tag"), ("DIGEST", "Digest"), ("IMAGE ID", id)]
        columns += [("CREATED", "CreatedSince"), ("SIZE", "Size")]
        let shown = columns.filter { digests || $0.1 != "Digest" }.map {
            (header: $0.0, field: $0.1 == "FullID" ? "ID" : $0.1)
        }
        var unique: [JSON] = []
        if listing.quiet {
            for row in rows where !unique.contains(where: { $0["ID"] == row["ID"] }) { unique.append(row) }
        }
        try Listing(columns: shown, rows: listing.quiet ? unique : rows).show(
            format: listing.format,
            quiet: listing.quiet
        )
    }

    /// One row a name.
    private func imageRows(_ image: JSON) -> [JSON] {
        let id = image["Id"].string ?? ""
        let digest =
            image["RepoDigests"].elements.first?.string?.split(separator: "@").last.map(String.init) ?? "<none>"
        let tags = image["RepoTags"].elements.compactMap(\.string)
        let created = image["Created"].int ?? 0
        return (tags.isEmpty ? ["<none>:<none>"] : tags).map { tag in
            let colon = tag.lastIndex(of: ":") ?? tag.endIndex
            return .object([
                (key: "Containers", value: .string("N/A")),
                (key: "CreatedAt", value: .string(timestamp(created))),
                (key: "CreatedSince", value: .string(ago(created))),
                (key: "Digest", value: .string(digest)),
                (key: "ID", value: .string(listing.noTrunc ? id : shortID(id))),
                (key: "Repository", value: .string(String(tag[..<colon]))),
                (key: "SharedSize", value: .string("N/A")),
                (key: "Size", value: .string(humanSize(image["Size"].int ?? 0))),
                (key: "Tag", value: .string(String(tag[colon...].dropFirst()))),
                (key: "UniqueSize", value: .string("N/A")),
            ])
        }
    }
}
