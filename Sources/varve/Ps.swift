import ArgumentParser

/// `varve ps`.
struct Ps: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
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
        // A template that shows sizes, or all there is, has them counted.
        let showsSize = [".Size", "{{json .}}"].contains { listing.format?.contains($0) == true }
        if size || showsSize { query.append(("size", "1")) }
        if listing.quiet, listing.format != nil {
            warn("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        }
        let found = try Daemon().ask("GET", "/containers/json", query: query).elements
        let format = listing.quiet ? nil : listing.format
        try ContainerRows(noTrunc: listing.noTrunc).listing(found, size: size).show(
            format: format,
            quiet: listing.quiet
        )
    }
}
