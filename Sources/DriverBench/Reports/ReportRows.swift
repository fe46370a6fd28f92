/// A workload's rows, as tables and pages show them.
struct ReportRows {
    /// One target.
    struct Row {
        let target: TargetFacts
        let summary: Summary?
        /// To the plain folders beside it.
        let ratio: Ratio?
        /// Seconds of processors' time, and system calls: medians.
        let processor: Double?
        let calls: Double?
        let problem: String?
    }

    let facts: WorkloadFacts
    let rows: [Row]

    init(_ facts: WorkloadFacts, _ report: Report) {
        self.facts = facts
        rows = report.targets.compactMap { target in
            guard let found = report.measurement(facts.id, target.id) else { return nil }
            let base = target.baseline.flatMap { report.measurement(facts.id, $0) }
            return Row(
                target: target,
                summary: found.summary,
                ratio: Ratio(found.values, to: base?.values ?? [], least: facts.unit.least),
                processor: Self.median(found.samples.compactMap(\.processor)),
                calls: Self.median(found.samples.compactMap(\.calls)),
                problem: found.problem
            )
        }
    }

    /// The medians' largest.
    var slowest: Double { rows.compactMap { $0.summary?.median }.max() ?? 0 }

    /// The least that a driver has on the same kind of place, the disk or a file system in a file.
    func fastest(beside target: TargetFacts) -> Double? {
        rows.filter { $0.target.kind == .driver && $0.target.isInFile == target.isInFile }
            .compactMap { $0.summary?.median }.min()
    }

    /// All workloads that were come to, by group, in the order of the groups.
    static func grouped(_ report: Report) -> [(group: WorkloadGroup, workloads: [ReportRows])] {
        WorkloadGroup.allCases.compactMap { group in
            let own = report.workloads.filter { $0.group == group }.map { ReportRows($0, report) }
            let filled = own.filter { !$0.rows.isEmpty && !report.hadNoTime($0.facts.id) }
            return filled.isEmpty ? nil : (group, filled)
        }
    }

    private static func median(_ values: [Double]) -> Double? { values.isEmpty ? nil : Bootstrap.median(values) }
}

extension Measurement {
    var values: [Double] { samples.map(\.value) }
}

/// The points of one curve, and who has any of them.
struct Curve {
    let name: String
    let axis: String
    let points: [ReportRows]

    /// All curves of more than one point, in the order of the workloads.
    static func all(_ workloads: [ReportRows]) -> [Curve] {
        var names: [String] = []
        for case let point? in workloads.map(\.facts.point) where !names.contains(point.curve) {
            names.append(point.curve)
        }
        return names.compactMap { name in
            let points = workloads.filter { $0.facts.point?.curve == name }
                .sorted { ($0.facts.point?.x ?? 0) < ($1.facts.point?.x ?? 0) }
            guard points.count > 1, let axis = points[0].facts.point?.axis else { return nil }
            return Curve(name: name, axis: axis, points: points)
        }
    }

    /// Those that have a point, in the report's order.
    var targets: [TargetFacts] {
        var found: [TargetFacts] = []
        for row in points.flatMap(\.rows) where !found.contains(where: { $0.id == row.target.id }) {
            found.append(row.target)
        }
        return found
    }

    func row(_ target: TargetFacts, _ point: ReportRows) -> ReportRows.Row? {
        point.rows.first { $0.target.id == target.id }
    }

    /// `4 KiB`, `127`: a point's place on the axis.
    func label(_ x: Double) -> String { axis == "bytes" ? Words.size(Int(x)) : Words.decimal(x, 0) }
}

extension WorkloadGroup {
    /// What a head of a table says.
    var title: String {
        switch self {
        case .images: "Images: unpack, commit, remove"
        case .containers: "Containers: start and remove"
        case .reads: "Reads"
        case .writes: "Writes"
        case .depth: "Many layers"
        case .programs: "Programs"
        case .space: "Space"
        case .daemon: "Daemons, over their API"
        }
    }
}
