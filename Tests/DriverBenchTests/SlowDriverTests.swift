import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing
import VFSDriver

@testable import DriverBench

/// A driver that was slowed down on purpose is found, and only in what it does slower.
@Suite struct SlowDriverTests {
    /// `vfs` that takes its time to open a layer, or unpacks each twice.
    private struct Slow: GraphDriver {
        static let name = "slow"
        let vfs: VFS
        var sleeps = false
        var copies = false

        init(home: FilePath, options: DriverOptions) throws { vfs = try VFS(home: home, options: options) }

        func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
            try vfs.create(id, parent: parent, options: options)
        }
        func remove(_ id: LayerID) throws { try vfs.remove(id) }
        func contains(_ id: LayerID) -> Bool { vfs.contains(id) }
        func open(_ id: LayerID) throws -> LayerView {
            if sleeps { usleep(500_000) }  // far more than a container takes, also beside other tests
            return try vfs.open(id)
        }
        func apply(_ tar: any ByteSource, to id: LayerID, parent: LayerID?, limits: ArchiveLimits) throws -> Int64 {
            if copies { sleep(2) }
            return try vfs.apply(tar, to: id, parent: parent, limits: limits)
        }
    }

    private static func kind(_ name: String, _ change: @escaping @Sendable (inout Slow) -> Void) -> DriverKind {
        DriverKind(name: name) { home, options in
            var driver = try Slow(home: home, options: options)
            change(&driver)
            return driver
        }
    }

    /// What a run of so many seconds says of these beside `vfs`.
    private func run(_ kinds: [DriverKind], _ workloads: [String], seconds: Double = 300) throws -> Report {
        let place = try AtomicFolder(in: "/var/tmp", prefix: "bench-test-")
        defer { try? place.cancel() }
        var scale = Scale.quick
        scale.budget = seconds
        (scale.rounds, scale.mostRounds) = (3, 3)
        let plan = PlanFacts(scale: scale.name, budget: scale.budget, rounds: scale.rounds, seed: 1)
        let runner = Runner(
            report: Report(command: [], started: "", plan: plan, host: HostFacts()),
            scale: scale,
            workloads: Workload.all(scale).filter { workloads.contains($0.facts.id) },
            scratch: Scratch(home: place.path),
            watcher: .init(progress: { _, _ in }, save: { _ in }, stop: { nil })
        )
        let targets = ([DriverKind(VFS.self)] + kinds).map { Target(kind: $0, place: .folder(place.path)) }
        let report = try runner.run(targets, home: place.path, image: nil)
        #expect(report.ending == .finished && report.problems.isEmpty)
        return report
    }

    /// How many times as long as `vfs` each takes, by workload.
    private func measure(_ kinds: [DriverKind], _ workloads: [String]) throws -> [String: [String: Double]] {
        let report = try run(kinds, workloads)
        var ratios: [String: [String: Double]] = [:]
        for result in report.results {
            let own = try #require(result.summary, "\(result)")
            let usual = try #require(report.measurement(result.workload, "vfs")?.summary)
            ratios[result.workload, default: [:]][result.target] = own.least / usual.least
        }
        return ratios
    }

    /// A second is not enough for all of them, on whatever machine; what is measured is so on all targets.
    @Test func whatThereIsNoTimeForIsNamedAndNotHalfMeasured() throws {
        let workloads = ["unpack/16-layers", "container/126-layers", "container/1-layers", "small/read/lower"]
        let report = try run([Self.kind("twice") { $0.copies = true }], workloads, seconds: 1)
        #expect(report.results.count == 4 * 3)
        let byWorkload = Dictionary(grouping: report.results, by: \.workload)
        let left = byWorkload.filter { $0.value.allSatisfy(\.samples.isEmpty) }
        #expect(!left.isEmpty)
        for (workload, results) in byWorkload where left[workload] == nil {
            #expect(results.allSatisfy { $0.samples.count >= 3 }, "\(workload) on all targets or on none")
        }
        let note = try #require(report.notes.first)
        #expect(note.hasPrefix("no time was left for "))
        for workload in left.keys { #expect(note.contains(workload)) }
    }

    @Test func isFoundWhereItIsSlow() throws {
        let kinds = [Self.kind("sleepy") { $0.sleeps = true }, Self.kind("twice") { $0.copies = true }]
        let ratios = try measure(kinds, ["container/1-layers", "unpack/many-small", "small/stat/lower"])
        let container = try #require(ratios["container/1-layers"])
        let unpack = try #require(ratios["unpack/many-small"])
        let look = try #require(ratios["small/stat/lower"])
        #expect(try #require(container["sleepy"]) > 1.1)
        #expect(try #require(unpack["twice"]) > 1.1)
        #expect(try #require(unpack["twice"]) > #require(unpack["sleepy"]))
        for target in ["sleepy", "twice"] { #expect(try #require(look[target]) < 3) }
    }
}
