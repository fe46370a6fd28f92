import Testing

@testable import DriverBench

@Suite struct ResumeTests {
    private static let here = {
        var host = HostFacts()
        (host.kernel, host.version, host.processor, host.processors) = ("6.1", "0.1.0", "Made Up 9000", 2)
        return host
    }()

    private static func report() -> Report {
        var made = MadeReport(seed: 1)
        var report = made.make()
        report.host = here
        report.results[0] = .init(workload: report.results[0].workload, target: "plain", problem: Report.timeOver)
        return report
    }

    @Test func whatWasMeasuredStaysAndWhatHadNoTimeGoes() throws {
        let report = Self.report()
        var plan = report.plan
        plan.budget = 7
        let resumed = try report.resumed(as: plan, on: Self.here)
        #expect(resumed.plan.budget == 7 && resumed.ending == .stopped)
        #expect(resumed.results == report.results.filter { $0.workload != report.results[0].workload })
    }

    @Test func whatCannotBeComparedIsRefused() throws {
        typealias Change = (inout HostFacts, inout PlanFacts) -> Void
        let changes: [(String, Change)] = [
            ("kernel: then 6.1, now 6.2", { host, _ in host.kernel = "6.2" }),
            ("version: then 0.1.0, now 0.2.0", { host, _ in host.version = "0.2.0" }),
            ("processor: then Made Up 9000, now Made Up 1", { host, _ in host.processor = "Made Up 1" }),
            ("processors: then 2, now 4", { host, _ in host.processors = 4 }),
            ("sizes: then --quick, now --full", { _, plan in plan.scale = "full" }),
            ("image: then none, now a.tar", { _, plan in plan.image = "a.tar" }),
            ("rounds: then 9, now 5", { _, plan in plan.rounds = 5 }),
            ("seed: then 1, now 2", { _, plan in plan.seed = 2 }),
        ]
        for (words, change) in changes {
            var (host, plan) = (Self.here, Self.report().plan)
            change(&host, &plan)
            let refusal = #expect(throws: Target.Mistake.self) { try Self.report().resumed(as: plan, on: host) }
            #expect(try #require(refusal).description.contains(words))
        }
    }

    @Test func otherTargetsAreRefused() throws {
        let before = Self.report()
        var now = before
        try now.expectSameTargets(before.targets)
        try now.expectSameTargets([])
        now.targets[1].fileSystem = "btrfs"
        #expect(throws: Target.Mistake.self) { try now.expectSameTargets(before.targets) }
        now = before
        now.targets[1].options = ["a=b"]
        #expect(throws: Target.Mistake.self) { try now.expectSameTargets(before.targets) }
    }

    @Test func noiseIsThatOfBothParts() {
        var (first, second) = (Noise(), Noise())
        (first.processor, first.disk, first.count) = (0.1, 0.4, 30)
        (second.processor, second.disk, second.count) = (0.3, 0.0, 10)
        let joined = first.joined(with: second)
        #expect(abs(joined.processor - 0.15) < 1e-9 && abs(joined.disk - 0.3) < 1e-9 && joined.count == 40)
        #expect(Noise().joined(with: first) == first && Noise().joined(with: Noise()) == Noise())
    }
}
