/// What a comparison shows on a terminal: what differs first, then how many rows do not.
package struct ComparisonTable {
    private let comparison: Comparison
    private let style: TextStyle

    package init(_ comparison: Comparison, _ style: TextStyle) { (self.comparison, self.style) = (comparison, style) }

    package var text: String {
        var lines: [String] = []
        if !comparison.differences.isEmpty {
            lines.append(style.warn("More than the drivers may have changed:"))
            lines += comparison.differences.map { "  \($0)" } + [""]
        }
        lines += rows + [""] + only("before", comparison.onlyBefore) + only("after", comparison.onlyAfter)
        return (lines + [summary]).joined(separator: "\n")
    }

    /// The rows as columns, in the order measured.
    private var rows: [String] {
        let header = ["WORKLOAD", "TARGET", "BEFORE", "AFTER", "VALUES", "WHAT IS SURE"]
        let cells = comparison.rows.map { row in
            [
                Words.line(row.workload), Words.line(row.target), Words.value(row.before, row.unit),
                Words.value(row.after, row.unit), row.counts.map(String.init).joined(separator: "/"), row.words,
            ]
        }
        let lines = TextStyle.columns([header] + cells, right: [2, 3, 4])
        guard let head = lines.first else { return [] }
        return [style.title(head)]
            + zip(lines.dropFirst(), comparison.rows).map { line, row in
                switch row.outcome {
                case .slower: style.warn(line)
                case .faster: style.good(line)
                case .host, .same, .unknown: line
                }
            }
    }

    private func only(_ when: String, _ names: [String]) -> [String] {
        guard !names.isEmpty else { return [] }
        let rest = names.count > 3 ? ", …" : ""
        return ["\(names.count) only \(when): \(names.prefix(3).map(Words.line).joined(separator: ", "))\(rest)"]
    }

    private var summary: String {
        func count(_ outcome: Comparison.Outcome) -> Int { comparison.rows.count { $0.outcome == outcome } }
        let host = count(.host) == 0 ? "" : "\(count(.host)) changed with the host, "
        let few = count(.unknown) == 0 ? "" : ", \(count(.unknown)) with too few values to tell"
        let margins = comparison.rows.map(\.margin).sorted().map { Words.percent($0 - 1) }
        let ends = Set([margins.first, margins.last].compactMap { $0 }).count
        let range = ends > 1 ? "\(margins[0].dropLast(2))–\(margins[margins.count - 1])" : margins.first ?? ""
        let least = margins.isEmpty ? "" : " (differences count from \(range) on: 5 %, or what the noise leaves)"
        return "\(comparison.rows.count) rows: \(count(.slower)) slower, \(count(.faster)) faster, "
            + host + "\(count(.same)) without a significant difference\(few)\(least)"
    }
}
