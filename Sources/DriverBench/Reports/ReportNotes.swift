extension Report {
    /// Whether there is anything to say about drivers: not where daemons only were measured.
    var judgesDrivers: Bool { !targets.contains { $0.kind == .peer } || targets.contains { $0.kind == .driver } }

    /// What a reader must know beside the values: why it ended early, what went wrong, what could not be measured.
    var notes: [String] {
        var lines = problems
        if ending == .stopped { lines.append("stopped early: \(reason ?? "nobody knows why")") }
        lines += targets.compactMap { target in target.unsupported.map { "\(target.id): not measured: \($0)" } }
        let late = workloads.map(\.id).filter(hadNoTime)
        if !late.isEmpty {
            lines.append(
                "no time was left for \(late.joined(separator: ", ")): give it more by --seconds, or go on with --resume"
            )
        }
        return lines
    }

    /// Whether a workload has no values on any target for want of time.
    func hadNoTime(_ workload: String) -> Bool {
        let own = results.filter { $0.workload == workload }
        return !own.isEmpty && own.allSatisfy { $0.problem == Self.timeOver }
    }
}
