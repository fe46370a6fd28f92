import ArgumentParser
import DriverChecks
import Glibc
import GraphDrivers
import SystemPackage

/// The command `varved driver check`.
struct DriverCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find out whether storage drivers keep their promises on this host.",
        discussion: """
            Each check gets a fresh home below --home, so that folder's file system is what is tried; nothing stays there.
            The command fails if a promise was broken.

            Examples:
              varve driver check
              varve driver check --driver overlay2 --home /mnt/xfs
              varve driver check --driver devicemapper --storage-opt dm.basesize=1G
              varve driver check --driver vfs --check 'hard link' --format json
              varve driver check --driver plugin:/run/docker/plugins/zfs.sock
            """
    )

    @Option(help: "The driver to check, or a plug-in, or plugin:/its.sock; without it, all built-in ones.")
    var driver: String?

    @Option(help: "A folder on the file system to try.")
    var home = "/var/tmp"

    @Option(help: "Run only checks whose promise contains this.")
    var check: String?

    @Option(name: .customLong("storage-opt"), help: "An option of the driver, as key=value; may be repeated.")
    var storageOpt: [String] = []

    @Option(help: "How to write it: table or json.")
    var format = OutputFormat.table

    func validate() throws {
        if let driver, try PluginDrivers.kind(driver) == nil {
            let known = drivers.map(\.name).joined(separator: ", ")
            throw ValidationError("no driver '\(driver)' is built in, and no plug-in has that name; there are \(known)")
        }
        var status = stat()
        guard stat(home, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw ValidationError("--home \(home) is no folder; make it first")
        }
    }

    func run() throws {
        Host.raiseLimits()  // as in the daemon
        let options = try DriverOptions(parsing: storageOpt)
        let kinds = try driver.map { try PluginDrivers.kind($0).map { [$0] } ?? [] } ?? drivers
        let results = CheckResult.of(kinds, containing: check, in: FilePath(home), options: options) { result in
            if format == .table { print(result.line) }
            fflush(nil)  // a long check should not hold back the lines before it
        }
        if format == .json { print(try DriverReport.json(results)) } else { print(CheckResult.summary(results)) }
        if results.contains(where: { $0.outcome == "failed" }) { throw ExitCode.failure }
    }
}
