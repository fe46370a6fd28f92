/// Workloads × drivers: how many times as long as the fastest driver.
struct PageHeatMap {
    private let groups: [(group: WorkloadGroup, workloads: [ReportRows])]
    private let drivers: [TargetFacts]

    init(_ groups: [(group: WorkloadGroup, workloads: [ReportRows])], _ report: Report) {
        self.groups = groups
        drivers = report.targets.filter { $0.kind == .driver && $0.unsupported == nil }
    }

    var markup: String {
        let isMixed = Set(drivers.map(\.isInFile)).count > 1
        let beside = isMixed ? " on the same kind of place, the disk or a file system in a file," : ""
        let caption = "How many times as long as the fastest driver of the row\(beside) takes; 1 is the fastest"
        let head = (["workload"] + drivers.map(\.id)).map {
            Markup.element("th", ["scope": "col"], Markup.breakable($0))
        }.joined()
        let bodies = groups.map { group, workloads in
            let title = Markup.text("th", ["scope": "rowgroup", "colspan": "\(drivers.count + 1)"], group.title)
            let rows = workloads.filter(isMeasured).map(row).joined()
            return rows.isEmpty ? "" : Markup.element("tbody", Markup.element("tr", ["class": "group"], title) + rows)
        }
        let inside = Markup.text("caption", caption) + Markup.element("thead", Markup.element("tr", head))
        return Markup.scrolling(
            Markup.element(
                "table",
                ["class": "heat", "style": "min-width: \(110 + 58 * drivers.count)px"],
                inside + bodies.joined()
            ),
            caption
        )
    }

    private func isMeasured(_ workload: ReportRows) -> Bool {
        workload.rows.contains { $0.target.kind == .driver && $0.summary != nil }
    }

    private func row(_ workload: ReportRows) -> String {
        let least = workload.facts.unit.least
        let cells = drivers.map { driver in
            guard let summary = workload.rows.first(where: { $0.target.id == driver.id })?.summary else {
                return Markup.element("td", ["class": "none"], "–")
            }
            let best = workload.fastest(beside: driver) ?? least
            let times = max(summary.median, least) / max(best, least)
            return Markup.text("td", ["class": "h\(Self.step(times))"], Words.times(times))
        }
        let name = Markup.element(
            "th",
            ["scope": "row", "title": workload.facts.title],
            Markup.breakable(workload.facts.id)
        )
        return Markup.element("tr", name + cells.joined())
    }

    /// Which colour: the lighter, the closer to the fastest.
    private static func step(_ times: Double) -> Int {
        [1.05, 1.5, 2, 4, 10].firstIndex { times < $0 } ?? 5
    }
}
