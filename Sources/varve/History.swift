import ArgumentParser

/// `varve history`.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the steps that made an image.",
        discussion: "Example: varve history --no-trunc busybox"
    )

    @OptionGroup var listing: ListingOptions
    @Argument(help: "The image.") var image: String

    func run() throws {
        let rows = try Daemon().ask("GET", imagePath(image, "/history")).elements.map(row)
        let columns = [
            (header: "IMAGE", field: "ID"), (header: "CREATED", field: "CreatedSince"),
            (header: "CREATED BY", field: "CreatedBy"),
            (header: "SIZE", field: "Size"), (header: "COMMENT", field: "Comment"),
        ]
        try Listing(columns: columns, rows: rows).show(format: listing.format, quiet: listing.quiet)
    }

    private func row(_ step: JSON) -> JSON {
        let id = step["Id"].string ?? ""
        let isImage = id.hasPrefix("sha256:")
        let by = (step["CreatedBy"].string ?? "").split(separator: "\t").joined(separator: " ")
        let created = step["Created"].int ?? 0
        return .object([
            (key: "Comment", value: .string(step["Comment"].string ?? "")),
            (key: "CreatedAt", value: .string(timestamp(created))),
            (key: "CreatedBy", value: .string(listing.noTrunc ? by : ellipsis(by, 45))),
            (key: "CreatedSince", value: .string(ago(created))),
            (key: "ID", value: .string(isImage && !listing.noTrunc ? shortID(id) : id)),
            (key: "Size", value: .string(humanSize(step["Size"].int ?? 0))),
        ])
    }
}
