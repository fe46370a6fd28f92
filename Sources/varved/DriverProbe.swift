import ArgumentParser
import GraphDrivers
import RemoteDriver
import SystemPackage

/// The command `varved driver probe`.
struct DriverProbe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Show which storage driver the daemon would choose, and why.",
        discussion: """
            Each driver is tried in a scratch folder on the data root's file system; nothing there is changed.
            What is asked for counts in this order: --storage-driver, VARVE_DRIVER, DOCKER_DRIVER, the configuration
            file. Else it is the driver that has data in the data root, else the first that this host supports.

            Where `varve driver bench --json <data root>/varve/bench.json` was run, its verdict is shown, too.

            Examples:
              varve driver probe
              varve driver probe --data-root /srv/varve --storage-driver vfs
              VARVE_DRIVER=overlay2 varve driver probe --format json
            """
    )

    @OptionGroup var choice: DataRootOptions

    @Option(help: "How to write it: table or json.")
    var format = OutputFormat.table

    func run() throws {
        let (root, decision) = try Self.decision(choice)
        switch format {
        case .json: print(try DriverReport.json(DriverReport.Decision(decision, measured: MeasuredHere(root))))
        case .table:
            for candidate in decision.candidates {
                print("\(candidate.name): \(candidate.isSupported ? "supported" : "not supported here")")
                print("    because   \(candidate.fact)")
                if let remedy = candidate.remedy { print("    to do     \(remedy)") }
                if candidate.isSupported, candidate.name != decision.chosen, let why = whyOnlyAsked(candidate.name) {
                    print("    only when asked for (--storage-driver \(candidate.name)): \(why)")
                }
                if candidate.hasData { print("    has data in \(root)/\(candidate.name)") }
            }
            print("chosen: \(decision.chosen ?? "none"): \(decision.reason)")
            for line in MeasuredHere(root)?.lines ?? [] { print(line) }
        }
        if decision.chosen == nil { throw ExitCode.failure }
    }

    /// The data root, and what a daemon with these flags and that file would decide.
    static func decision(_ choice: DataRootOptions) throws -> (root: FilePath, decision: DriverDecision) {
        let file = try ConfigFile.read(choice.configFile)
        let root = FilePath(choice.dataRoot ?? file.dataRoot ?? Settings.dataRoot)
        let options = choice.storageOpt.isEmpty ? file.storageOpts ?? [] : choice.storageOpt
        let asked = PluginDrivers.requested(choice.storageDriver, file: file.storageDriver)
        let decision = DriverChoice.examine(
            try PluginDrivers.with(asked, in: PluginFolders(), examined: true),
            dataRoot: root,
            requested: choice.storageDriver,
            configured: file.storageDriver,
            environment: Host.driverEnvironment,
            options: try DriverOptions(parsing: options)
        )
        return (root, decision.with(PluginDrivers.others(than: asked, dataRoot: root)))
    }
}
