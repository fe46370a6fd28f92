import SystemPackage

// Going on with a run that was stopped, or that had too little time: what it measured stays, the rest is measured now.

extension Report {
    /// Why a workload has no values when there was no time for it.
    static let timeOver = "not measured: the time was over; give it more by --seconds, or go on with --resume"

    /// The report to go on with, where `planned` was given now, here; without what there was no time for.
    package func resumed(as planned: PlanFacts, on here: HostFacts) throws -> Report {
        let apart = differences(planned, here)
        guard apart.isEmpty else {
            throw Target.Mistake(
                description: "--resume: that run's values can't be compared with what would be measured now: "
                    + "\(apart.joined(separator: "; ")). Begin a new report"
            )
        }
        var report = self
        let unmeasured = Set(results.filter { $0.problem == Self.timeOver }.map(\.workload))
        report.results.removeAll { unmeasured.contains($0.workload) }
        report.plan = planned
        (report.ending, report.reason) = (.stopped, nil)
        return report
    }

    /// What makes values of two runs differ, or says of one what is the other's.
    private func differences(_ planned: PlanFacts, _ here: HostFacts) -> [String] {
        let facts: [(what: String, then: String, now: String)] = [
            ("sizes", "--\(plan.scale)", "--\(planned.scale)"),
            ("image", plan.image ?? "none", planned.image ?? "none"),
            ("rounds", "\(plan.rounds)", "\(planned.rounds)"),
            ("seed", "\(plan.seed)", "\(planned.seed)"),
            ("version", host.version, here.version),
            ("kernel", host.kernel, here.kernel),
            ("architecture", host.architecture, here.architecture),
            ("processor", host.processor, here.processor),
            ("processors", "\(host.processors)", "\(here.processors)"),
        ]
        return facts.filter { $0.then != $0.now }.map { Words.line("\($0.what): then \($0.then), now \($0.now)") }
    }

    /// Refuses to go on with other targets than `before`.
    func expectSameTargets(_ before: [TargetFacts]) throws {
        func names(_ targets: [TargetFacts]) -> [String] {
            targets.map { target in
                let place = [target.place, target.fileSystem].filter { !$0.isEmpty }.joined(separator: ", ")
                return ([target.id] + target.options).joined(separator: ",") + " (\(place))"
            }
        }
        guard before.isEmpty || names(before) == names(targets) else {
            let list = names(before.filter { $0.kind != .plain }).joined(separator: ", ")
            throw Target.Mistake(description: "--resume: that run measured \(list); give the same targets and --home")
        }
    }
}

extension Noise {
    /// Of two parts of a run, each with as much weight as it was measured often.
    func joined(with other: Noise) -> Noise {
        let all = Double(count + other.count)
        guard all > 0 else { return self }
        func mean(_ part: KeyPath<Noise, Double>) -> Double {
            (self[keyPath: part] * Double(count) + other[keyPath: part] * Double(other.count)) / all
        }
        var joined = Noise()
        (joined.processor, joined.disk, joined.stolen) = (mean(\.processor), mean(\.disk), mean(\.stolen))
        joined.count = count + other.count
        return joined
    }
}
