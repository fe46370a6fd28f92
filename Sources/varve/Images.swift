import ArgumentParser

/// `varve images`.
struct Images: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images",
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
        let rows = ImageRows(noTrunc: listing.noTrunc, digests: digests || listing.format?.contains(".Digest") == true)
        try rows.listing(images, digests: digests).show(format: listing.format, quiet: listing.quiet)
    }
}
