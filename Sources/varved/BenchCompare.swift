import ArgumentParser
import DriverBench
import SystemPackage

/// The command `varved driver bench compare`.
struct BenchCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Say what differs between two runs, and what can't be told.",
        discussion: """
            A row differs where the ratio's 95 % interval lies wholly beyond 5 %, or beyond the machines' own noise where
            that is more, and chance is ruled out (Mann-Whitney, corrected for the number of rows).

            Examples:
              varve driver bench compare before.json after.json
              varve driver bench compare before.json after.json --fail-on-regression
            """
    )

    @Argument(help: "The file of the run that is compared with.") var before: String
    @Argument(help: "The file of the later run.") var after: String
    @Option(help: "How to write it: table or json.") var format = OutputFormat.table
    @Flag(help: "Exit with 1 if anything became slower or larger.") var failOnRegression = false

    func run() throws {
        let comparison = Comparison(try Report.read(FilePath(before)), try Report.read(FilePath(after)))
        switch format {
        case .table: print(ComparisonTable(comparison, .here).text)
        case .json: print(try DriverReport.json(comparison))
        }
        if failOnRegression, !comparison.regressions.isEmpty { throw ExitCode.failure }
    }
}
