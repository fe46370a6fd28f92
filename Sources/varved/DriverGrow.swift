import ArgumentParser
import GraphDrivers
import SystemPackage

/// The command `varved driver grow`.
struct DriverGrow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grow",
        abstract: "Give a driver that keeps its layers in files of a fixed size more room.",
        discussion: """
            The daemon may be running, and containers too. `docker info` then shows the new size.

            Examples:
              varve driver grow --size 200G
              varve driver grow --data-root /srv/varve --driver devicemapper \\
                --size 200G --metadata-size 4G
            """
    )

    @Option(help: "The folder that the daemon keeps its data in.")
    var dataRoot = "/var/lib/varve"

    @Option(help: "The driver.")
    var driver = "devicemapper"

    @Option(help: "The room for data from now on, as 200G.")
    var size: String?

    @Option(help: "The room for metadata from now on, as 4G.")
    var metadataSize: String?

    @Option(name: .customLong("storage-opt"), help: "An option that the daemon has, as key=value; may be repeated.")
    var storageOpt: [String] = []

    func validate() throws {
        guard size != nil || metadataSize != nil else {
            throw ValidationError("say how large: --size or --metadata-size")
        }
    }

    func run() throws {
        guard let kind = drivers.first(where: { $0.name == driver }) else {
            throw ValidationError("no driver '\(driver)' is built in")
        }
        guard let growable = kind.type as? any GrowableDriver.Type else {
            throw ValidationError("\(driver) has all the room of its file system: grow that one")
        }
        try growable.grow(
            home: FilePath(dataRoot).appending(kind.name),
            options: try DriverOptions(parsing: storageOpt),
            dataBytes: try size.map { try parseSize($0) },
            metadataBytes: try metadataSize.map { try parseSize($0) }
        )
    }
}
