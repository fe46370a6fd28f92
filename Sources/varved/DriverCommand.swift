import ArgumentParser

/// `varved driver …`, which `varve driver …` hands over to.
struct DriverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "driver",
        _superCommandName: "varved",
        abstract: "Look at the storage drivers and try them on this host.",
        discussion: """
            Examples:
              varve driver ls                                  which drivers there are, and which run here
              varve driver probe --data-root /var/lib/varve    which one the daemon would choose, and why
              varve driver check --driver overlay2             whether it keeps its promises on this host
              varve driver grow --size 200G                    more room for devicemapper's pool
            """,
        subcommands: [DriverList.self, DriverProbe.self, DriverCheck.self, DriverGrow.self]
    )
}

/// How a listing is written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
}

/// What decides about the driver, as the daemon's flags are called.
struct DataRootOptions: ParsableArguments {
    @Option(help: "The folder that the daemon keeps its data in (default: \(Settings.dataRoot)).")
    var dataRoot: String?

    @Option(help: "The daemon's configuration file (default: \(Settings.configFile)); flags count for more.")
    var configFile: String?

    @Option(name: [.customShort("s"), .long], help: "The storage driver that is asked for.")
    var storageDriver: String?

    @Option(help: "A storage driver's option, as key=value; may be repeated.")
    var storageOpt: [String] = []
}
