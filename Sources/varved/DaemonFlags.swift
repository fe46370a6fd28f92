import ArgumentParser

/// The daemon's flags, which are dockerd's; nil or empty: not given.
struct DaemonFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder to keep images and containers in (default: \(Settings.dataRoot)).",
            valueName: "folder"
        )
    )
    var dataRoot: String?

    @Option(
        help: ArgumentHelp(
            "The folder for what running containers need (default: \(Settings.execRoot)).",
            valueName: "folder"
        )
    )
    var execRoot: String?

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("Where to listen; may be repeated (default: \(Settings.host)).", valueName: "unix://path")
    )
    var host: [String] = []

    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("The storage driver to use (default: see `varved driver probe`).", valueName: "name")
    )
    var storageDriver: String?

    @Option(help: ArgumentHelp("An option of the storage driver; may be repeated.", valueName: "key=value"))
    var storageOpt: [String] = []

    @Option(help: ArgumentHelp("The configuration file (default: \(Settings.configFile)).", valueName: "file"))
    var configFile: String?

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp("What to log: debug, info, warn, error or fatal (default: info).", valueName: "level")
    )
    var logLevel: String?

    @Flag(name: [.customShort("D"), .long], help: "Log everything.")
    var debug = false

    @Option(
        name: [.customShort("G"), .long],
        help: ArgumentHelp("The group that may use the socket, if there is one (default: docker).", valueName: "name")
    )
    var group: String?

    @Option(
        name: [.customShort("p"), .long],
        help: ArgumentHelp("The file to write the daemon's process ID to.", valueName: "file")
    )
    var pidfile: String?

    @Flag(name: .shortAndLong, help: "Print the version and exit.")
    var version = false
}
