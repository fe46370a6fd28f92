/// One workload as a table whose middle column is a bar: a chart for eyes, and numbers for everybody.
struct PageBars {
    private let workload: ReportRows
    private let colours: PageColours
    /// Whether bars say how many times as long as plain folders, or the time itself.
    private let isRelative: Bool
    private let axis: Axis

    init(_ workload: ReportRows, _ colours: PageColours) {
        (self.workload, self.colours) = (workload, colours)
        let measured = workload.rows.filter { $0.summary != nil }
        isRelative = measured.allSatisfy { $0.ratio != nil || $0.target.kind == .plain } && measured.count > 1
        let intervals = measured.compactMap { [isRelative] in Self.interval($0, isRelative) }
        // A single wild interval must not squeeze all bars.
        let most = (intervals.map(\.value).max() ?? 1) * 1.5
        axis = Axis(
            intervals.flatMap { [$0.value, max($0.low, $0.value / 10), min($0.high, most)] } + (isRelative ? [1] : [])
        )
    }

    var markup: String {
        let facts = workload.facts
        let caption = Markup.text("strong", facts.id) + " " + Markup.text("span", facts.title)
        let what = workload.facts.group == .daemon ? "daemon" : "driver"
        let head = [what, axis.isLogarithmic ? "log scale" : "", "median"] + (isRelative ? ["×plain"] : [])
        let header = head.map { Markup.text("th", ["scope": "col"], $0) }.joined()
        let rows = workload.rows.map(row).joined()
        let table = Markup.element(
            "table",
            ["class": "bars", "title": "\(facts.standsFor) — \(facts.source)"],
            Markup.element("caption", caption) + Markup.element("thead", Markup.element("tr", header))
                + Markup.element("tbody", rows)
        )
        return Markup.element("div", ["class": "card"], table)
    }

    private func row(_ row: ReportRows.Row) -> String {
        let name = Markup.element("th", ["scope": "row"], Markup.breakable(row.target.id))
        guard let summary = row.summary else {
            return Markup.element(
                "tr",
                name + Markup.text("td", ["colspan": "3", "class": "lack"], row.problem ?? "nothing")
            )
        }
        let median = Words.value(summary.median, workload.facts.unit)
        let spread = Markup.text("small", " ±\(Words.percent(summary.uncertainty))")
        var notes: [String] = []
        if let rate = Words.rate(workload.facts.bytes, summary.median) { notes.append(rate) }
        if !summary.outliers.isEmpty { notes.append(Words.count(summary.outliers.count, "outlier")) }
        if let problem = row.problem { notes.append(problem) }
        let note = notes.isEmpty ? "" : Markup.text("small", ["class": "note"], notes.joined(separator: ", "))
        let ratio = row.ratio.map { "\(Words.times($0.value))×" } ?? (row.target.kind == .plain ? "1×" : "")
        return Markup.element(
            "tr",
            ["class": colours.name(row.target)],
            name + Markup.element("td", ["class": "chart"], Self.interval(row, isRelative).map(bar) ?? "")
                + Markup.element("td", Markup.text("span", ["class": "value"], median) + spread + note)
                + (isRelative ? Markup.text("td", ratio) : "")
        )
    }

    private static func interval(_ row: ReportRows.Row, _ isRelative: Bool) -> Ratio? {
        guard let summary = row.summary else { return nil }
        if !isRelative { return Ratio(value: summary.median, low: summary.low, high: summary.high) }
        if let ratio = row.ratio { return ratio }
        guard summary.median > 0 else { return Ratio(value: 1, low: 1, high: 1) }
        return Ratio(value: 1, low: summary.low / summary.median, high: summary.high / summary.median)
    }

    /// In percent of the cell's width, so that it is as wide as there is room.
    private func bar(_ interval: Ratio) -> String {
        func percent(_ part: Double) -> String { "\(Words.decimal(part * 100, 2))%" }
        let (low, high) = (percent(axis.place(interval.low)), percent(axis.place(interval.high)))
        // On a logarithmic axis a length from its end would mean nothing: there, bars start at the plain folders' 1.
        let start = axis.isLogarithmic && isRelative ? axis.place(1) : 0
        let end = axis.place(interval.value)
        let (left, width) = (percent(min(start, end)), percent(max(0.004, abs(end - start))))
        var shapes = [
            Markup.shape("rect", ["x": left, "y": "4", "width": width, "height": "12", "rx": "2", "class": "fill"]),
            Markup.shape("line", ["x1": low, "x2": high, "y1": "10", "y2": "10", "class": "whisker"]),
            Markup.shape("line", ["x1": low, "x2": low, "y1": "6", "y2": "14", "class": "whisker"]),
            Markup.shape("line", ["x1": high, "x2": high, "y1": "6", "y2": "14", "class": "whisker"]),
        ]
        if isRelative {
            let one = percent(axis.place(1))
            shapes.append(Markup.shape("line", ["x1": one, "x2": one, "y1": "0", "y2": "20", "class": "one"]))
        }
        return Markup.element("svg", ["height": "20", "aria-hidden": "true", "class": "bar"], shapes.joined())
    }
}

/// Each driver's colour and mark, the same in all charts.
struct PageColours {
    private let names: [String: String]
    private let numbers: [String: Int]

    init(_ targets: [TargetFacts]) {
        var (names, numbers): ([String: String], [String: Int]) = ([:], [:])
        for target in targets where target.kind != .plain {
            numbers[target.id] = numbers.count
            names[target.id] = "c\((numbers.count - 1) % 7)"
        }
        (self.names, self.numbers) = (names, numbers)
    }

    func name(_ target: TargetFacts) -> String { names[target.id] ?? "plain" }

    /// Which mark and which dashes; colours alone are not seen by all.
    func mark(_ target: TargetFacts) -> Int { (numbers[target.id] ?? -1) + 1 }
}
