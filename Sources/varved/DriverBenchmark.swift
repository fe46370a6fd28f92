import ArgumentParser

/// The command `varved driver bench`.
struct DriverBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Compare storage drivers on this host's own disks, with evidence.",
        discussion: BenchRun.configuration.discussion,
        subcommands: [BenchRun.self, BenchShow.self, BenchCompare.self, BenchWorkloads.self, BenchWorker.self],
        defaultSubcommand: BenchRun.self
    )
}
