/// What a terminal shows of a report.
package struct TableReport {
    private let report: Report
    private let style: TextStyle

    package init(_ report: Report, _ style: TextStyle) { (self.report, self.style) = (report, style) }

    package var text: String {
        var lines = head
        for (group, workloads) in ReportRows.grouped(report) {
            lines += ["", style.title(group.title)]
            let curves = Curve.all(workloads)
            let drawn = Set(curves.flatMap(\.points).map(\.facts.id))
            for workload in workloads where !drawn.contains(workload.facts.id) { lines += block(workload) }
            for curve in curves { lines += table(curve) }
        }
        return (lines + foot).joined(separator: "\n")
    }

    // MARK: Around

    private var head: [String] {
        let host = report.host
        let facts = [
            host.processor, "\(host.processors) processors\(host.isVirtual ? ", virtual" : "")",
            Words.bytes(Double(host.memory)), "kernel \(host.kernel)", "varve \(host.version)",
        ]
        let noise = report.noise
        let spread = "processor \(Words.percent(noise.processor)), flushes \(Words.percent(noise.disk))"
        var lines = [
            Words.line(
                "\(report.judgesDrivers ? "Storage drivers" : "Daemons"), \(report.plan.scale) run of \(report.started), \(Words.seconds(report.seconds))"
            ),
            Words.line(facts.filter { !$0.isEmpty }.joined(separator: " · ")),
            "The machine's own spread: \(spread), stolen \(Words.percent(noise.stolen)) of the time",
            "± is half the median's 95 % interval; n-k: k of n values lie far from the others; all times count, shorter is better",
        ]
        for target in report.targets where target.unsupported == nil {
            let facts = [target.place, target.fileSystem, target.device].filter { !$0.isEmpty }
            lines.append(style.faint(Words.line("  \(target.id): \(facts.joined(separator: ", "))")))
        }
        return lines
    }

    private var foot: [String] {
        var lines = report.notes
        if !lines.isEmpty { lines = [""] + lines.map { style.warn(Words.line($0)) } }
        guard report.judgesDrivers else { return lines }
        return lines + ["", style.title("Best here for")] + Verdict.words(report).map { "  \($0)" }
    }

    // MARK: One workload

    private func block(_ workload: ReportRows) -> [String] {
        let names = workload.rows.map { Words.line($0.target.id).count }.max() ?? 0
        // The name, the bar, and what else there is: 54.
        let room = max(6, min(60, style.width - names - 54))
        let head = "\(Words.line(workload.facts.id)): \(Words.line(workload.facts.title))"
        let columns = TextStyle.padded("", names + 2) + "    median      ± " + TextStyle.padded("", room + 2)
        var lines = ["", head, style.faint("\(columns)×plain      cpu  calls      n")]
        for row in workload.rows { lines += line(row, workload, names, room) }
        return lines
    }

    private func line(_ row: ReportRows.Row, _ workload: ReportRows, _ names: Int, _ room: Int) -> [String] {
        let name = "  \(TextStyle.padded(Words.line(row.target.id), names))"
        let problem = row.problem.map { style.warn("    \(Words.shortened($0))") }
        guard let summary = row.summary else { return ["\(name)  \(style.warn("nothing measured"))"] + [problem ?? ""] }
        let bar = TextStyle.bar(workload.slowest > 0 ? summary.median / workload.slowest : 0, room)
        let isBest = row.target.kind == .driver && summary.median == workload.fastest(beside: row.target)
        let time = right(Words.value(summary.median, workload.facts.unit), 10)
        let count = "\(summary.count)\(summary.outliers.isEmpty ? "" : "-\(summary.outliers.count)")"
        let figures = [
            right(row.ratio.map { Words.times($0.value) } ?? "", 6), right(row.processor.map(Words.seconds) ?? "", 8),
            right(row.calls.map { Words.decimal($0, 0) } ?? "", 6), right(count, 6),
        ]
        let start = "\(name)\(time) \(right(Words.percent(summary.uncertainty), 6))  "
        let padded = TextStyle.padded(bar, room)
        let line = "\(start)\(isBest ? style.good(padded) : style.faint(padded)) \(figures.joined(separator: " "))"
        let note = Words.rate(workload.facts.bytes, summary.median) ?? ""
        let isWide = names + 54 + room + note.count + 2 > style.width
        let added = note.isEmpty ? "" : isWide ? "\n\(TextStyle.padded("", names + 2))  \(note)" : "  \(note)"
        return [line + added] + [problem].compactMap { $0 }
    }

    private func right(_ text: String, _ width: Int) -> String { TextStyle.padded(text, width, right: true) }

    // MARK: Curves

    private func table(_ curve: Curve) -> [String] {
        let header = [curve.axis] + curve.points.map { curve.label($0.facts.point?.x ?? 0) }
        let rows = curve.targets.map { target in
            ["  \(Words.line(target.id))"]
                + curve.points.map { point in
                    guard let summary = curve.row(target, point)?.summary else { return "-" }
                    return "\(Words.value(summary.median, point.facts.unit)) ±\(Words.percent(summary.uncertainty))"
                }
        }
        let aligned = TextStyle.columns([header] + rows, right: Set(1..<header.count))
        let problems = curve.points.flatMap { point in
            point.rows.compactMap { row in
                row.problem.map { style.warn(Words.shortened("  \(point.facts.id) on \(row.target.id): \($0)")) }
            }
        }
        let title = curve.points.last.map { "\($0.facts.id): \($0.facts.title)" } ?? ""
        return ["", Words.line("\(curve.name), as \(title)"), style.faint(aligned[0])] + aligned.dropFirst() + problems
    }
}
