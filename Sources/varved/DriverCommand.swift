import ArgumentParser

/// `varved driver …`, which `varve driver …` hands over to.
struct DriverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "driver",
        _superCommandName: "varved",
        abstract: "Look at the storage drivers and try them on this host.",
        discussion: """
            Examples:
              varve driver ls                       which there are, and which run here
              varve driver probe                    which the daemon would choose, and why
              varve driver check --driver overlay2  whether it keeps its promises
              varve driver bench --quick            which is fastest here, and for what
              varve driver grow --size 200G         more room for devicemapper's pool
              varve driver serve btrfs --socket /run/b.sock
              varve driver new zfs                  the skeleton of a driver
            """,
        subcommands: [
            DriverList.self, DriverProbe.self, DriverCheck.self, DriverBenchmark.self, DriverGrow.self,
            DriverServe.self, DriverNew.self,
            DriverConfined.self,
        ]
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
