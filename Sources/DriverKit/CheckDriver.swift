import ArgumentParser
import DriverChecks
import Glibc
import GraphDrivers
import SystemPackage

/// The verb `check`: whether the driver keeps its promises on this host.
struct CheckDriver<Driver: GraphDriver>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "check",
            abstract: "Find out whether the driver keeps all promises on this host.",
            discussion: """
                Each check gets a fresh home below --home, so that folder's file system is what is tried; nothing stays there.

                Examples:
                  \(Driver.name) check --home /mnt/xfs
                  \(Driver.name) check --check 'hard link'
                """
        )
    }

    @Option(help: "A folder on the file system to try.")
    var home = "/var/tmp"

    @Option(help: "Run only checks whose promise contains this.")
    var check: String?

    @Option(name: .customLong("storage-opt"), help: "An option of the driver, as key=value; may be repeated.")
    var storageOpt: [String] = []

    func run() throws {
        raiseLimits()
        let options = try DriverOptions(parsing: storageOpt)
        let kind = DriverKind(Driver.self)
        let results = CheckResult.of([kind], containing: check, in: FilePath(home), options: options) { result in
            print(result.line)
            fflush(nil)  // a long check should not hold back the lines before it
        }
        print(CheckResult.summary(results))
        if results.contains(where: { $0.outcome == "failed" }) { throw ExitCode.failure }
        if !results.contains(where: { $0.outcome == "passed" }) {
            throw ValidationError("no check ran: see why above, and choose another --home or --check")
        }
    }
}
