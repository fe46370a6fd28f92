import ArgumentParser
import DriverBench

/// The command `varved driver bench workloads`.
struct BenchWorkloads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workloads",
        abstract: "List what is measured, and what each stands for.",
        discussion: """
            Examples:
              varve driver bench workloads
              varve driver bench workloads --format json
            """
    )

    @Option(help: "How to write it: table or json.")
    var format = OutputFormat.table

    func run() throws {
        let all = (Workload.all(.full) + Workload.ofDaemons(.full)).map(\.facts)
        switch format {
        case .json: print(try DriverReport.json(all))
        case .table:
            for facts in all {
                print(
                    "\(facts.id)\n    \(facts.title)\n    stands for  \(facts.standsFor)\n    listed by   \(facts.source)"
                )
            }
        }
    }
}
