@testable import DriverBench

/// Reports that nobody measured: values around what they should be, as a machine's are.
struct MadeReport {
    var random: SeededGenerator
    /// How long each takes, as a multiple of what the workload takes.
    var drivers = ["overlay2": 1.5, "btrfs": 2.0, "vfs": 4.0]
    /// Factors for a driver in workloads that start so.
    var changes: [(driver: String, start: String, factor: Double)] = []
    var samples = 9
    /// One standard deviation, as a part.
    var spread = 0.05

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    static let workloads: [WorkloadFacts] = [
        made("unpack/16-layers", .images),
        made("container/1-layers", .containers, curve: ("container", "layers", 1)),
        made("container/127-layers", .containers, curve: ("container", "layers", 127)),
        made("at-once/8", .containers),
        made("small/read/lower", .reads, bytes: 4096),
        made("copy-up/4KiB", .writes, curve: ("copy-up", "bytes", 4096)),
        made("copy-up/256MiB", .writes, curve: ("copy-up", "bytes", 256 * 1024 * 1024)),
        made("fsync", .writes),
        made("lookup/1-layers", .depth, curve: ("lookup", "layers", 1)),
        made("lookup/127-layers", .depth, curve: ("lookup", "layers", 127)),
        made("disk/many-small", .space, unit: .bytes),
    ]

    private static func made(
        _ id: String,
        _ group: WorkloadGroup,
        unit: WorkloadFacts.Unit = .seconds,
        bytes: Int64? = nil,
        curve: (String, String, Double)? = nil
    ) -> WorkloadFacts {
        WorkloadFacts(
            id: id,
            title: "what \(id) takes",
            group: group,
            standsFor: "something that people do",
            source: "this test",
            unit: unit,
            bytes: bytes,
            point: curve.map { .init(curve: $0.0, axis: $0.1, x: $0.2) }
        )
    }

    mutating func make() -> Report {
        let plan = PlanFacts(scale: "quick", budget: 60, rounds: samples, seed: 1)
        var report = Report(command: ["varve"], started: "2026-11-23T01:02:03Z", plan: plan, host: HostFacts())
        report.ending = .finished
        report.workloads = Self.workloads
        report.targets = [TargetFacts(id: "plain", kind: .plain, name: "plain")]
        for name in drivers.keys.sorted() {
            var target = TargetFacts(id: name, kind: .driver, name: name)
            (target.fileSystem, target.place, target.baseline) = ("ext4", "/mnt/e", "plain")
            report.targets.append(target)
        }
        for (number, workload) in Self.workloads.enumerated() {
            let usual = workload.unit == .bytes ? 1e7 : 1e-4 * Double(number + 1)
            for target in report.targets {
                let changed = changes.filter { $0.driver == target.id && workload.id.hasPrefix($0.start) }
                let factor = changed.reduce(drivers[target.id] ?? 1) { $0 * $1.factor }
                let values = (0..<samples).map { _ in
                    Sample(value: usual * factor * noise(), processor: 1e-4, calls: 12)
                }
                report.results.append(Measurement(workload: workload.id, target: target.id, samples: values))
            }
        }
        return report
    }

    /// Around 1, with a longer end on the slow side, as times have.
    private mutating func noise() -> Double {
        let sum = (0..<12).reduce(0.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) } - 6
        return max(0.5, 1 + spread * sum + (Int.random(in: 0..<20, using: &random) == 0 ? 4 * spread : 0))
    }
}
