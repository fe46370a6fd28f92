/// Two reports, row by row: what differs for sure, and what can't be told.
package struct Comparison: Codable, Sendable {
    /// What can be said of a row.
    package enum Outcome: String, Codable, Sendable {
        case slower
        case faster
        /// Different, and so are the plain folders beside it: the host changed, and not the driver.
        case host
        /// No significant difference.
        case same
        /// There are too few values to tell.
        case unknown
    }

    /// One workload on one target, in both reports.
    package struct Row: Codable, Sendable {
        package let workload: String
        package let target: String
        /// Whether the target is plain folders: what differs there is the host's.
        package let isPlain: Bool
        package let unit: WorkloadFacts.Unit
        package let before: Double
        package let after: Double
        package let counts: [Int]
        package let ratio: Ratio
        /// The same, divided by that of the plain folders, which were measured in turns with it; where it is needed.
        package internal(set) var beyondHost: Ratio?
        /// From this ratio on a difference matters: 1.05 at least, else what the machines' noise allows.
        package let margin: Double
        /// Of Mann and Whitney's test, before and after the correction for looking at many rows.
        package internal(set) var p = 1.0
        package internal(set) var adjusted = 1.0
        package internal(set) var outcome = Outcome.unknown
        package internal(set) var words = ""
    }

    package internal(set) var rows: [Row] = []
    /// What else is different: hosts, versions, settings.
    package let differences: [String]
    /// Rows that only one of them has.
    package let onlyBefore: [String]
    package let onlyAfter: [String]

    package var regressions: [Row] { rows.filter { $0.outcome == .slower } }

    package init(_ before: Report, _ after: Report) {
        differences = Self.differences(before, after)
        let (old, new) = (Self.names(before), Self.names(after))
        onlyBefore = old.filter { !Set(new).contains($0) }
        onlyAfter = new.filter { !Set(old).contains($0) }
        var tests: [MannWhitney] = []
        for result in before.results {
            guard let row = Row(result, before, after) else { continue }
            rows.append(row)
            tests.append(MannWhitney(result.values, after.measurement(row.workload, row.target)?.values ?? []))
        }
        decide(tests)
    }

    // MARK: Judgement

    /// The level below which chance is ruled out, of all rows together; and what a row must be able to reach by itself:
    /// five values in each report do.
    private static let (level, reachable) = (0.05, 0.01)

    /// A row differs where its whole interval lies beyond the margin, and chance is ruled out.
    ///
    /// With five values each and a hundred rows no value of p survives the correction. There only an effect counts
    /// that is large beside both sets' own spread; where it is smaller, there are too few values to tell.
    private mutating func decide(_ tests: [MannWhitney]) {
        let able = tests.indices.filter { tests[$0].least <= Self.reachable }
        let adjusted = MannWhitney.adjusted(able.map { tests[$0].p })
        for index in rows.indices { rows[index].p = tests[index].p }
        for (index, value) in zip(able, adjusted) {
            let test = tests[index]
            let isOutOfReach = test.least * Double(able.count) > Self.level
            rows[index].adjusted = value
            let isSure = value <= Self.level || isOutOfReach && test.isFarApart
            rows[index].outcome = rows[index].judged(isSure: isSure, isOutOfReach: isOutOfReach && test.isComplete)
        }
        for index in rows.indices { rows[index].words = rows[index].sentence }
    }

    // MARK: What else differs

    private static func names(_ report: Report) -> [String] {
        report.results.filter { !$0.samples.isEmpty }.map { "\($0.workload) on \($0.target)" }
    }

    private static func differences(_ before: Report, _ after: Report) -> [String] {
        func differs(_ what: String, _ old: String, _ new: String) -> String? {
            old == new ? nil : Words.line("\(what): \(old.isEmpty ? "none" : old), then \(new.isEmpty ? "none" : new)")
        }
        let (host, later) = (before.host, after.host)
        var found = [
            differs("version", host.version, later.version),
            differs("kernel", host.kernel, later.kernel),
            differs("processor", host.processor, later.processor),
            differs("processors", "\(host.processors)", "\(later.processors)"),
            differs("memory", Words.bytes(Double(host.memory)), Words.bytes(Double(later.memory))),
            differs("scale", before.plan.scale, after.plan.scale),
            differs("image", before.plan.image ?? "", after.plan.image ?? ""),
        ]
        for name in Set(host.programs.keys).union(later.programs.keys).sorted() {
            found.append(differs("program \(name)", host.programs[name] ?? "", later.programs[name] ?? ""))
        }
        for old in before.targets {
            guard let new = after.targets.first(where: { $0.id == old.id }) else { continue }
            found.append(differs("file system of \(old.id)", old.fileSystem, new.fileSystem))
            found.append(differs("mount options of \(old.id)", old.mountOptions, new.mountOptions))
            found.append(differs("device of \(old.id)", old.device, new.device))
            found.append(
                differs("options of \(old.id)", old.options.joined(separator: " "), new.options.joined(separator: " "))
            )
        }
        return found.compactMap { $0 } + noise(before.noise, after.noise)
    }

    /// A run beside other work shows that work.
    private static func noise(_ before: Noise, _ after: Noise) -> [String] {
        guard [before, after].contains(where: { $0.processor > 0.1 || $0.disk > 0.5 || $0.stolen > 0.05 }) else {
            return []
        }
        let words = [before, after].map { noise in
            "processor \(Words.percent(noise.processor)), flushes \(Words.percent(noise.disk))"
        }
        return ["a busy machine, whose own spread was: \(words[0]), then \(words[1])"]
    }
}
