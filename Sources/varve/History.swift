import ArgumentParser

/// `varve history`.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the steps that made an image.",
        discussion: "Example: varve history --no-trunc busybox"
    )

    @OptionGroup var listing: ListingOptions
    @Flag(name: [.customShort("H"), .long], inversion: .prefixedNo, help: "Sizes and times for people.") var human =
        true
    @Option(help: "os/arch[/variant] of an image that has several.") var platform: String?
    @Argument(help: "The image.") var image: String

    func run() throws {
        let query = try platformQuery(platform)
        let rows = try Daemon().ask("GET", imagePath(image, "/history"), query: query).elements.map(row)
        let columns = [
            (header: "IMAGE", field: "ID"), (header: human ? "CREATED" : "CREATED AT", field: "CreatedSince"),
            (header: "CREATED BY", field: "CreatedBy"), (header: "SIZE", field: "Size"),
            (header: "COMMENT", field: "Comment"),
        ]
        try Listing(columns: columns, rows: rows).show(format: listing.format, quiet: listing.quiet)
    }

    private func row(_ step: JSON) -> JSON {
        let id = step["Id"].string ?? ""
        let by = (step["CreatedBy"].string ?? "").map { $0 == "\t" ? " " : String($0) }.joined()
        let created = step["Created"].int ?? 0
        let at = Moment(seconds: created).rfc3339
        let size = step["Size"].int ?? 0
        return .object([
            (key: "Comment", value: .string(step["Comment"].string ?? "")),
            (key: "CreatedAt", value: .string(at)),
            (key: "CreatedBy", value: .string(listing.noTrunc ? by : ellipsis(by, 45))),
            (key: "CreatedSince", value: .string(human ? ago(created) : at)),
            (key: "ID", value: .string(listing.noTrunc ? id : shortID(id))),
            (key: "Size", value: .string(human ? humanSize(size) : "\(size)")),
        ])
    }
}

/// `linux/arm64/v8` as the API takes a platform: an object.
func platformQuery(_ platform: String?) throws -> [(String, String)] {
    guard let platform else { return [] }
    let parts = platform.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (2...3).contains(parts.count), !parts.contains("") else {
        throw Failure(message: "invalid platform '\(platform)': write it as os/arch or os/arch/variant")
    }
    let fields = zip(["os", "architecture", "variant"], parts).map { (key: $0, value: JSON.string($1)) }
    return [("platform", JSON.object(fields).text())]
}
