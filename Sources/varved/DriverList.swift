import ArgumentParser
import GraphDrivers
import SystemPackage

/// The command `varved driver ls`.
struct DriverList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the storage drivers: those built in, and plug-ins that were found.",
        discussion: """
            Examples:
              varve driver ls
              varve driver ls --data-root /srv/varve --format json
            """
    )

    @OptionGroup var choice: DataRootOptions

    @Option(help: "How to write it: table or json.")
    var format = OutputFormat.table

    func run() throws {
        let decision = try DriverProbe.decision(choice).decision
        switch format {
        case .json: print(try DriverReport.json(DriverReport.Decision(decision).drivers))
        case .table:
            let rows = decision.candidates.map {
                [
                    $0.name, $0.isSupported ? "yes" : "no", $0.hasData ? "yes" : "no",
                    $0.name == decision.chosen ? "yes" : "",
                ]
            }
            print(Table.text(["DRIVER", "SUPPORTED", "HAS DATA", "CHOSEN"], rows))
        }
    }
}
