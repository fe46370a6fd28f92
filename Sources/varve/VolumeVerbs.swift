import ArgumentParser
import HTTPClient

/// `varve volume …`.
struct VolumeGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume",
        abstract: "Volumes: what containers keep beyond their lives.",
        discussion: "Example: varve volume create data && varve run -v data:/data busybox touch /data/x",
        subcommands: [
            VolumeCreate.self, VolumeLs.self, VolumeInspect.self, VolumeRm.self, VolumePrune.self,
        ]
    )
}

func volumePath(_ name: String) -> String { "/volumes/\(ClientRequest.escaped(name))" }

/// `varve volume create`.
struct VolumeCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a volume.",
        discussion: "Example: varve volume create --label keep=yes data"
    )

    @Option(name: .shortAndLong, help: "The volume driver: local.") var driver = "local"
    @Option(name: .long, help: "key=value.") var label: [String] = []
    @Option(name: .shortAndLong, help: "An option of the driver: type=tmpfs, device=tmpfs, o=size=100m.") var opt:
        [String] = []
    @Argument(help: "Its name; a random one if absent.") var name: String?

    func run() throws {
        let body = JSON.object([
            (key: "Name", value: .string(name ?? "")), (key: "Driver", value: .string(driver)),
            (key: "DriverOpts", value: .pairs(opt)), (key: "Labels", value: .pairs(label)),
        ])
        put("\(try Daemon().ask("POST", "/volumes/create", body: body)["Name"].string ?? "")\n")
    }
}

/// `varve volume ls`.
struct VolumeLs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List volumes.",
        discussion: "Example: varve volume ls --filter dangling=true",
        aliases: ["list"]
    )

    @Flag(name: .shortAndLong, help: "Show names only.") var quiet = false
    @Option(help: "json, table or a template: '{{.Name}}'.") var format: String?
    @Option(name: .shortAndLong, help: "Only volumes that match: dangling=true, label=…, name=…") var filter: [String] =
        []

    func run() throws {
        let volumes = try Daemon().ask("GET", "/volumes", query: try filterQuery(filter))["Volumes"].elements
        try volumeListing(volumes).show(format: format, quiet: quiet)
    }
}

/// Volumes as a listing has them.
func volumeListing(_ volumes: [JSON]) -> Listing {
    let volumes = volumes.sorted { comesBefore($0["Name"].string ?? "", $1["Name"].string ?? "") }
    let rows = volumes.map { volume -> JSON in
        let usage = volume["UsageData"]
        let bytes = usage["Size"].int ?? -1
        return .object([
            (key: "Availability", value: .string("N/A")), (key: "Driver", value: volume["Driver"]),
            (key: "Group", value: .string("N/A")), (key: "Labels", value: .string(joinedPairs(volume["Labels"]))),
            (key: "Links", value: .string(usage["RefCount"].int.map { "\($0)" } ?? "N/A")),
            (key: "Mountpoint", value: volume["Mountpoint"]), (key: "Name", value: volume["Name"]),
            (key: "Scope", value: volume["Scope"]),
            (key: "Size", value: .string(bytes < 0 ? "N/A" : humanSize(bytes, digits: 4))),
            (key: "Status", value: .string("N/A")),
        ])
    }
    let columns = [(header: "DRIVER", field: "Driver"), (header: "VOLUME NAME", field: "Name")]
    return Listing(columns: columns, rows: rows, labels: volumes.map { $0["Labels"] }, quietField: "Name")
}

/// `varve volume inspect`.
struct VolumeInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of volumes.",
        discussion: "Example: varve volume inspect --format '{{.Mountpoint}}' data"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?
    @Argument(help: "The volumes.") var names: [String]

    func run() throws {
        let daemon = try Daemon()
        try inspectObjects(names, format: format) { try daemon.ask("GET", volumePath($0)) }
    }
}

/// `varve volume rm`.
struct VolumeRm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove volumes that no container has.",
        discussion: "Example: varve volume rm data",
        aliases: ["remove"]
    )

    @Flag(name: .shortAndLong, help: "It is no error that there is none.") var force = false
    @Argument(help: "The volumes.") var names: [String]

    func run() throws {
        let daemon = try Daemon()
        try each(names) { try daemon.ask("DELETE", volumePath($0), query: force ? [("force", "1")] : []) }
    }
}
