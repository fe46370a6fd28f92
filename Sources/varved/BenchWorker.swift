import ArgumentParser
import CLinux
import DriverBench
import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// What `BenchRun` starts: measures, in a PID namespace and with mounts of its own.
struct BenchWorker: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @OptionGroup var options: BenchOptions

    func run() throws {
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP])
        // Its guard may be killed: then it ends by itself, as if asked to.
        linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), UInt(SIGTERM), 0)
        if BenchGuard.isGone { throw ExitCode(128 + SIGTERM) }
        // What it starts has no use for that.
        try sys("keep the pipe to itself") { fcntl(BenchGuard.lifeline, F_SETFD, FD_CLOEXEC) }
        try Self.separate()
        Host.raiseLimits()
        let progress = BenchProgress()
        let report = try Self.report(options)
        var reason: String?
        let runner = Runner(
            report: report,
            scale: options.scale,
            workloads: try workloads(),
            scratch: Scratch(home: FilePath(options.home)),
            watcher: Runner.Watcher(
                progress: progress.show,
                save: { report in
                    let file = options.json.flatMap { $0 == "-" ? nil : $0 } ?? options.resume
                    if let file { progress.save(report, file) }
                },
                stop: {
                    if signals.next() != nil { reason = "interrupted" }
                    return reason
                }
            )
        )
        let finished = try runner.run(
            options.targets(),
            peers: options.peers(),
            home: FilePath(options.home),
            image: options.image.map { FilePath($0) }
        )
        progress.end()
        try write(finished)
        if finished.ending == .stopped { throw ExitCode(130) }
    }

    private func workloads() throws -> [Workload] {
        let all = options.offered(hasImage: options.image != nil)
        guard !options.workload.isEmpty else { return all }
        return all.filter { workload in options.workload.contains { workload.facts.id.contains($0) } }
    }

    /// The table, and the files that were asked for; `probe` finds what all drivers' run said in the data root.
    private func write(_ report: Report) throws {
        if let path = options.json, path != "-" { try report.save(to: path) }
        if let path = options.html { try Self.write(PageReport(report).text, to: path) }
        if let path = options.csv { try Self.write(SampleTable(report).text, to: path) }
        print(options.json == "-" ? try report.json() : TableReport(report, .here).text)
        let measured = report.targets.count { $0.kind == .driver }
        guard report.ending == .finished, options.workload.isEmpty, measured > 1 else { return }
        let folder = FilePath(options.dataRoot).appending("varve")
        try Host.makeDataRoot(FilePath(options.dataRoot))
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        try report.save(to: folder.appending("bench.json").string)
    }

    private static func write(_ text: String, to path: String) throws {
        try writeAtomically(Array(text.utf8), to: FilePath(path), mode: FilePermissions(rawValue: 0o644))
    }

    /// A fresh report, or one to go on with.
    private static func report(_ options: BenchOptions) throws -> Report {
        let plan = PlanFacts(
            scale: options.scale.name,
            budget: options.scale.budget,
            rounds: options.scale.rounds,
            seed: options.seed ?? 1,
            image: options.image
        )
        let host = HostFacts.here(version: Daemon.version)
        if let path = options.resume { return try Report.read(FilePath(path)).resumed(as: plan, on: host) }
        return Report(
            command: ["varve"] + CommandLine.arguments.dropFirst().filter { $0 != configuration.commandName },
            started: Date.now.ISO8601Format(),
            plan: plan,
            host: host
        )
    }

    /// Mounts are seen by nobody else, and gone with this process.
    private static func separate() throws {
        try sys("make a mount namespace") { linux_unshare(CInt(LINUX_NEWNS)) }
        // What a plug-in mounts on the host is seen, what is mounted here isn't seen there.
        try sys("keep mounts to itself") { mount(nil, "/", nil, UInt(MS_REC | MS_SLAVE), nil) }
        try sys("mount /proc") { mount("proc", "/proc", "proc", UInt(MS_NOSUID | MS_NOEXEC | MS_NODEV), nil) }
    }
}
