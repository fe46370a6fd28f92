import ArgumentParser
import DriverBench
import GraphDrivers
import Linux
import SystemPackage

/// What a run of the benchmark is to do.
struct BenchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What to measure: NAME, or NAME=PLACE with a folder or loop:TYPE, and options behind commas; may be repeated.",
            valueName: "target"
        )
    )
    var driver: [String] = []

    @Option(
        help: ArgumentHelp(
            "Measure a daemon, too: NAME=unix:///its/socket; may be repeated. Without --driver, daemons only.",
            valueName: "peer"
        )
    )
    var peer: [String] = []

    @Option(help: "Where scratch folders go: the file system to measure on, where a target names none.")
    var home = "/var/tmp"

    @Flag(help: "At most two minutes, with small files: a first look.") var quick = false
    @Flag(help: "All sizes, up to 1 GiB; an hour and more.") var full = false

    @Option(help: "The data root where varve driver probe is to find what a whole run said.")
    var dataRoot: String = Settings.dataRoot

    @Option(help: "Only workloads whose name contains this; may be repeated.")
    var workload: [String] = []

    @Option(help: "An image to unpack, too: a file of docker save.")
    var image: String?

    @Option(help: "Seconds for all of it; sizes stay as they are.")
    var seconds: Double?

    @Option(help: "Rounds of each workload on each target, as long as there is time.")
    var rounds: Int?

    @Option(help: "What the order is drawn from (default: 1).")
    var seed: UInt64?

    @Option(help: "Where the report goes, also what was measured if it is stopped early; - for standard output.")
    var json: String?

    @Option(help: "Write a table of all samples, too.") var csv: String?
    @Option(help: "Write a page with charts, too.") var html: String?

    @Option(help: "Go on with a report that was stopped, as it was begun: measure what it lacks.")
    var resume: String?

    /// How large all is.
    var scale: Scale {
        var scale = quick ? Scale.quick : full ? Scale.full : Scale.usual
        if let seconds { scale.budget = seconds }
        if let rounds { (scale.rounds, scale.mostRounds) = (rounds, max(rounds, scale.mostRounds)) }
        return scale
    }

    mutating func validate() throws {
        try adoptPlan()
        if quick && full { throw ValidationError("--quick and --full exclude each other") }
        if let seconds, !(seconds > 0 && seconds.isFinite) {
            throw ValidationError("--seconds \(seconds): give it some")
        }
        if let rounds, rounds < 3 { throw ValidationError("--rounds \(rounds): fewer than 3 tell nothing") }
        if let rounds, rounds > 1000 { throw ValidationError("--rounds \(rounds): more than 1000 are of no use") }
        guard isFolder(FilePath(home)), home.hasPrefix("/") else {
            throw ValidationError("--home \(home) is no folder; make it first, and give its absolute path")
        }
        _ = try peers()
        let all = offered(hasImage: true)
        for name in workload where !all.contains(where: { $0.facts.id.contains(name) }) {
            let known = offered(hasImage: image != nil).map(\.facts.id).joined(separator: ", ")
            throw ValidationError("no workload's name contains '\(name)'; there are \(known)")
        }
    }

    /// What nobody said anew is as in the run that is gone on with, but for the time.
    private mutating func adoptPlan() throws {
        guard let resume else { return }
        let plan: PlanFacts
        do { plan = try Report.read(FilePath(resume)).plan } catch { throw ValidationError("--resume: \(error)") }
        if !quick && !full { (quick, full) = (plan.scale == Scale.quick.name, plan.scale == Scale.full.name) }
        (rounds, seed, image) = (rounds ?? plan.rounds, seed ?? plan.seed, image ?? plan.image)
    }

    /// Workloads of what is measured.
    func offered(hasImage: Bool) -> [Workload] {
        let ofDrivers = isOfPeersOnly ? [] : Workload.all(scale, hasImage: hasImage)
        return (peer.isEmpty ? [] : Workload.ofDaemons(scale)) + ofDrivers
    }

    private var isOfPeersOnly: Bool { driver.isEmpty && !peer.isEmpty }

    /// The daemons that were asked for.
    func peers() throws -> [PeerAddress] {
        let all = try peer.map { try PeerAddress(parsing: $0) }
        for (number, one) in all.enumerated() where all[..<number].contains(where: { $0.name == one.name }) {
            throw ValidationError("two peers are called '\(one.name)': rows need names of their own")
        }
        return all
    }

    /// The targets that were asked for, or all drivers: where this host's file system can't hold one, on one in a file.
    func targets() throws -> [Target] {
        let home = FilePath(home)
        if isOfPeersOnly { return [] }
        if !driver.isEmpty { return try driver.map { try Target(parsing: $0, home: home, find: Self.find) } }
        let decision = DriverChoice.examine(
            drivers,
            dataRoot: home,
            requested: nil,
            environment: [:],
            options: DriverOptions()
        )
        return drivers.compactMap { kind in
            let runsHere = decision.candidates.contains { $0.name == kind.name && $0.isSupported }
            if runsHere { return Target(kind: kind, place: .folder(home)) }
            guard kind.name == "btrfs", Command.find("mkfs.btrfs") != nil else { return nil }
            return Target(kind: kind, place: .loop(type: "btrfs", bytes: Target.usualRoom))
        }
    }

    static func find(_ name: String) throws -> DriverKind {
        guard let kind = try PluginDrivers.kind(name) else {
            let known = drivers.map(\.name).joined(separator: ", ")
            throw ValidationError(
                "no driver '\(name)' is built in, nor is there a plug-in of that name; there are \(known)"
            )
        }
        return kind
    }
}
