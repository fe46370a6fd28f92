import ArgumentParser
import DriverBench
import Glibc
import SystemPackage

/// The command `varved driver bench run`, which `varved driver bench` is.
///
/// It measures nothing itself: it starts the worker and cleans up after it, however the worker ends. The worker is the
/// first process of a PID namespace and has mounts of its own, so that with it all that it started is gone.
struct BenchRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure.",
        discussion: """
            Each driver works in a scratch folder below --home, or on the place that is named with it; beside them stand
            plain folders of the same file system: what the host itself takes. The kernel's caches are dropped now and then.
            Ctrl-C ends early, with a report of what was measured.

            Examples:
              varve driver bench --quick --html report.html
              varve driver bench --driver overlay2 --driver btrfs=/mnt/b --json here.json
              varve driver bench --driver overlay2=loop:ext4 \\
                --driver overlay2=loop:xfs --workload copy-up
              varve driver bench --peer varve=unix:///run/varve/varve.sock \\
                --peer docker=unix:///run/docker.sock
              varve driver bench show here.json
              varve driver bench compare before.json after.json
            """
    )

    @OptionGroup var options: BenchOptions

    func run() throws {
        guard geteuid() == 0 else {
            throw ValidationError("drivers mount file systems: run it as root, for example with sudo")
        }
        let targets = try options.targets()
        clear(targets)
        let status = try BenchGuard.run(
            Array(CommandLine.arguments.drop { $0 != "bench" }.dropFirst().drop { $0 == "run" })
        )
        clear(targets)
        if status != 0 { throw ExitCode(status) }
    }

    /// What a worker left that was killed, now or before.
    private func clear(_ targets: [Target]) {
        var places = [FilePath(options.home)]
        PeerLeftovers.clearAbandoned(on: (try? options.peers()) ?? [])  // read before
        for target in targets { if case .folder(let path) = target.place { places.append(path) } }
        Scratch.clearAbandoned(in: places, drivers: drivers)
    }
}
