/// One page of HTML that shows a report with charts; it loads nothing, and needs no scripts.
package struct PageReport {
    private let report: Report
    private let groups: [(group: WorkloadGroup, workloads: [ReportRows])]
    private let colours: PageColours

    package init(_ report: Report) {
        self.report = report
        groups = ReportRows.grouped(report)
        colours = PageColours(report.targets)
    }

    package var text: String {
        let what = report.judgesDrivers ? "Storage drivers" : "Daemons"
        let title = "\(what) on \(report.host.processor.isEmpty ? "this host" : report.host.processor)"
        let body = header(title) + problems + verdict + overview + groups.map(section).joined() + facts
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            \(Markup.text("title", title))
            <style>\(PageStyle.text)</style>
            </head>
            <body>
            \(PageStyle.patterns)
            \(Markup.element("main", body))
            </body>
            </html>
            """
    }

    // MARK: Above

    private func header(_ title: String) -> String {
        let plan = report.plan
        let run =
            "\(plan.scale) run of \(report.started), \(Words.seconds(report.seconds)), Varve \(report.host.version)"
        let command = Markup.text("code", report.command.joined(separator: " "))
        return Markup.element(
            "header",
            Markup.text("h1", title) + Markup.text("p", ["class": "run"], run) + Markup.element("p", command)
        )
    }

    private var problems: String {
        let lines = report.notes
        guard !lines.isEmpty else { return "" }
        return Markup.element("ul", ["class": "problems"], lines.map { Markup.text("li", $0) }.joined())
    }

    private var verdict: String {
        guard report.judgesDrivers else { return "" }
        let cards = Verdict.all(report).map { verdict in
            // A number and its % stay together.
            let words = verdict.words.dropFirst("\(verdict.use): ".count).replacing(" %", with: "\u{a0}%")
            return Markup.element(
                "li",
                Markup.text("h3", verdict.use) + Markup.text("p", String(words))
            )
        }
        return Markup.element(
            "section",
            Markup.text("h2", "Best here for") + Markup.element("ul", ["class": "cards"], cards.joined())
        )
    }

    private var overview: String {
        let noise = report.noise
        let spread =
            "While this was measured, a loop that only computes varied by \(Words.percent(noise.processor)), "
            + "and a small flush to the disk by \(Words.percent(noise.disk)) (third minus first quartile, of the median); "
            + "a hypervisor took \(Words.percent(noise.stolen)) of the processors' time. Differences smaller than "
            + "that mean nothing here."
        let how = PageStyle.howToRead.map { Markup.text("p", $0) }.joined() + Markup.text("p", spread)
        return Markup.element(
            "section",
            (report.judgesDrivers ? Markup.text("h2", "At a glance") + PageHeatMap(groups, report).markup : "")
                + Markup.element("details", Markup.text("summary", "How to read this page") + how)
        )
    }

    // MARK: Groups

    private func section(_ group: WorkloadGroup, _ workloads: [ReportRows]) -> String {
        let curves = Curve.all(workloads)
        let drawn = Set(curves.flatMap(\.points).map(\.facts.id))
        let figures = curves.map { PageCurves($0, colours).markup }
        let bars = workloads.filter { !drawn.contains($0.facts.id) }.map { PageBars($0, colours).markup }
        let points = curves.flatMap(\.points).map { PageBars($0, colours).markup }
        let more =
            points.isEmpty
            ? ""
            : Markup.element(
                "details",
                Markup.text("summary", "Each point of the curves")
                    + Markup.element("div", ["class": "grid"], points.joined())
            )
        return Markup.element(
            "section",
            Markup.text("h2", group.title)
                + Markup.element("div", ["class": "grid"], (figures + bars).joined()) + more
                + Markup.element("details", Markup.text("summary", "All numbers") + numbers(group, workloads))
        )
    }

    private func numbers(_ group: WorkloadGroup, _ workloads: [ReportRows]) -> String {
        let header = [
            "workload", "target", "median", "95 % interval", "least", "×plain", "rate", "processor", "calls", "values",
            "outliers", "problem",
        ]
        let rows = workloads.flatMap { workload in workload.rows.map { Self.numbers($0, workload.facts) } }
        return Markup.table("\(group.title): all that was measured", header, rows)
    }

    private static func numbers(_ row: ReportRows.Row, _ facts: WorkloadFacts) -> [String] {
        guard let summary = row.summary else {
            return [facts.id, row.target.id] + Array(repeating: "", count: 9) + [row.problem ?? ""]
        }
        func value(_ value: Double) -> String { Words.value(value, facts.unit) }
        let ratio = row.ratio.map { "\(Words.times($0.value)) (\(Words.times($0.low))–\(Words.times($0.high)))" }
        return [
            facts.id, row.target.id, value(summary.median), "\(value(summary.low)) – \(value(summary.high))",
            value(summary.least), ratio ?? "", Words.rate(facts.bytes, summary.median) ?? "",
            row.processor.map(Words.seconds) ?? "", row.calls.map { Words.decimal($0, 0) } ?? "", "\(summary.count)",
            summary.outliers.map(value).joined(separator: ", "), row.problem ?? "",
        ]
    }

    // MARK: Below

    private var facts: String {
        let host = report.host
        let programs = host.programs.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
        let rows = [
            ["kernel", host.kernel], ["architecture", host.architecture],
            ["processor", "\(host.processor), \(host.processors)\(host.isVirtual ? ", virtual" : "")"],
            ["memory", Words.bytes(Double(host.memory))], ["load at the start", host.load], ["Varve", host.version],
            ["image", report.plan.image ?? "made here"], ["seed", "\(report.plan.seed)"],
        ]
        let targets = report.targets.map { target in
            [
                target.id, target.place, "\(target.fileSystem) \(target.mountOptions)", target.device,
                target.options.joined(separator: " "), target.status.joined(separator: "; "),
            ]
        }
        let sources = report.workloads.map { [$0.id, $0.title, $0.standsFor, $0.source] }
        return Markup.element(
            "section",
            Markup.text("h2", "Where this was measured")
                + Markup.table("The host", ["fact", "value"], rows + programs)
                + Markup.table(
                    "What was measured",
                    ["target", "place", "file system", "device", "options", "status"],
                    targets
                )
                + Markup.element(
                    "details",
                    Markup.text("summary", "What the workloads stand for")
                        + Markup.table("Workloads", ["workload", "what is timed", "stands for", "listed by"], sources)
                )
        )
    }
}
