import ArgumentParser

/// `varve system df`.
struct SystemDf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "df",
        abstract: "Show what images, containers and volumes take.",
        discussion: "Example: varve system df --format json\nExample: varve system df -v"
    )

    @Option(help: "table, json or a template.") var format: String?
    @Flag(name: .shortAndLong, help: "Each of them.") var verbose = false

    func run() throws {
        let usage = Usage(try Daemon().ask("GET", "/system/df"))
        guard verbose else { return try usage.summary.show(format: format, quiet: false) }
        switch format {
        case nil, "table": put(try usage.details())
        case "json": put(usage.all.webText)
        case let format?: put(try Template(format).render(usage.all))
        }
    }
}

/// What takes how much.
private struct Usage {
    let images: [JSON]
    let containers: [JSON]
    let volumes: [JSON]
    let cache: [JSON]
    let layers: Int
    let builder: Int

    init(_ answer: JSON) {
        images = answer["Images"].elements
        // Only what they wrote is theirs.
        containers = answer["Containers"].elements.map { .object($0.fields.filter { $0.key != "SizeRootFs" }) }
        (volumes, cache) = (answer["Volumes"].elements, answer["BuildCache"].elements)
        (layers, builder) = (answer["LayersSize"].int ?? 0, answer["BuilderSize"].int ?? 0)
    }

    var summary: Listing {
        let columns = [
            (header: "TYPE", field: "Type"), (header: "TOTAL", field: "TotalCount"),
            (header: "ACTIVE", field: "Active"),
            (header: "SIZE", field: "Size"), (header: "RECLAIMABLE", field: "Reclaimable"),
        ]
        return Listing(columns: columns, rows: [imageRow, containerRow, volumeRow, cacheRow])
    }

    private var imageRow: JSON {
        let active = images.filter { $0["Containers"].int ?? 0 > 0 }
        let used = images.filter { $0["Containers"].int != 0 }.reduce(0) { sum, image in
            guard let size = image["Size"].int, size >= 0, let shared = image["SharedSize"].int, shared >= 0 else {
                return sum
            }
            return sum + size - shared
        }
        return row("Images", images.count, active.count, size: layers, free: layers - used)
    }

    private var containerRow: JSON {
        let active = containers.filter { ["running", "paused", "restarting"].contains($0["State"].string ?? "") }
        func bytes(_ list: [JSON]) -> Int { list.reduce(0) { $0 + ($1["SizeRw"].int ?? 0) } }
        return row(
            "Containers",
            containers.count,
            active.count,
            size: bytes(containers),
            free: bytes(containers) - bytes(active)
        )
    }

    private var volumeRow: JSON {
        let active = volumes.filter { $0["UsageData"]["RefCount"].int ?? 0 > 0 }
        func bytes(_ list: [JSON]) -> Int { list.reduce(0) { $0 + max(0, $1["UsageData"]["Size"].int ?? 0) } }
        return row(
            "Local Volumes",
            volumes.count,
            active.count,
            size: bytes(volumes),
            free: bytes(volumes) - bytes(active)
        )
    }

    private var cacheRow: JSON {
        let active = cache.filter { $0["InUse"].bool == true }
        let free = cache.filter { $0["InUse"].bool != true && $0["Shared"].bool != true }
        let bytes = free.reduce(0) { $0 + ($1["Size"].int ?? 0) }
        let row = row("Build Cache", cache.count, active.count, size: builder, free: bytes)
        // Its share is never told as a part.
        return .object(row.fields.map { $0.key == "Reclaimable" ? (key: $0.key, value: .string(size(bytes))) : $0 })
    }

    private func size(_ bytes: Int) -> String { humanSize(bytes, digits: 4) }

    private func row(_ type: String, _ count: Int, _ active: Int, size total: Int, free: Int) -> JSON {
        let percent = total > 0 ? " (\(free * 100 / total)%)" : ""
        return .object([
            (key: "Active", value: .string("\(active)")), (key: "Reclaimable", value: .string(size(free) + percent)),
            (key: "Size", value: .string(size(total))), (key: "TotalCount", value: .string("\(count)")),
            (key: "Type", value: .string(type)),
        ])
    }

    /// All rows in full, for programs.
    var all: JSON {
        let images = images.flatMap(ImageRows(noTrunc: true, digests: false).rows).map { row in
            JSON.object(row.fields.map { $0.key == "Digest" ? (key: $0.key, value: .string("")) : $0 })
        }
        return .object([
            (key: "Images", value: .array(images)),
            (key: "Containers", value: .array(containers.map(ContainerRows(noTrunc: true).row))),
            (key: "Volumes", value: .array(volumeListing(volumes).rows)), (key: "BuildCache", value: .array(cache)),
        ])
    }

    /// A table for each kind.
    func details() throws -> String {
        let imageRows = images.flatMap(ImageRows(noTrunc: false, digests: false).rows)
        let containerRows = containers.map(ContainerRows(noTrunc: false).row)
        let parts = [
            "Images space usage:\n\n",
            try tabled(
                imageRows,
                "REPOSITORY Repository, TAG Tag, IMAGE ID ID, CREATED CreatedSince, SIZE Size, SHARED SIZE SharedSize, "
                    + "UNIQUE SIZE UniqueSize, CONTAINERS Containers"
            ),
            "\nContainers space usage:\n\n",
            try tabled(
                containerRows,
                "CONTAINER ID ID, IMAGE Image, COMMAND Command, LOCAL VOLUMES LocalVolumes, SIZE Size, CREATED RunningFor, "
                    + "STATUS Status, NAMES Names"
            ),
            "\nLocal Volumes space usage:\n\n",
            try tabled(volumeListing(volumes).rows, "VOLUME NAME Name, LINKS Links, SIZE Size"),
            "\nBuild cache usage: \(size(builder))\n\n",
            try tabled(
                [],
                "CACHE ID ID, CACHE TYPE CacheType, SIZE Size, CREATED CreatedSince, LAST USED LastUsedSince, "
                    + "USAGE UsageCount, SHARED Shared"
            ),
        ]
        return parts.joined()
    }

    /// `columns`: headings with their fields.
    private func tabled(_ rows: [JSON], _ columns: String) throws -> String {
        let columns = columns.split(separator: ",").map { column in
            let words = column.split(separator: " ").map(String.init)
            return (header: words.dropLast().joined(separator: " "), field: words.last ?? "")
        }
        return try Listing(columns: columns, rows: rows).text(format: nil)
    }
}
