import Glibc

/// Which driver is best for what, on the host that was measured.
package struct Verdict: Codable, Sendable, Equatable {
    /// One driver's place in a class.
    package struct Place: Codable, Sendable, Equatable {
        package let target: String
        /// How many times as long, or as much, as the best: the weighted geometric mean over the workloads.
        package let times: Ratio
        /// How often it is the best when samples are drawn again: 0…1.
        package let bestOf: Double
    }

    /// A driver that lacks something.
    package struct Unranked: Codable, Sendable, Equatable {
        package let target: String
        package let reason: String
    }

    /// What was judged: `read-heavy`.
    package let use: String
    /// The best first.
    package let places: [Place]
    package let unranked: [Unranked]
    /// The workloads that put the first before the second most.
    package let decisive: [String]
    /// What it is, in words.
    package internal(set) var words = ""

    /// Closer than that, nobody would notice.
    static let margin = 1.05

    /// One for each class of uses.
    package static func all(_ report: Report) -> [Verdict] { UseClass.all.map { Verdict($0, report) } }

    /// The same in words, a line each.
    package static func words(_ report: Report) -> [String] { all(report).map(\.words) }

    init(_ use: UseClass, _ report: Report) {
        self.use = use.name
        let (drivers, aside) = Self.comparable(report.targets.filter { $0.kind == .driver })
        // What nobody has is missing for all: it is no reason to leave one out.
        let counted = use.weights(report.workloads).filter { counted in
            drivers.contains { !(report.measurement(counted.facts.id, $0.id)?.samples ?? []).isEmpty }
        }
        let (ranked, unranked) = Self.candidates(drivers, counted.map(\.facts.id), report)
        self.unranked = unranked + aside
        guard !counted.isEmpty, !ranked.isEmpty else {
            (places, decisive) = ([], [])
            words = sentence(report)
            return
        }
        let scores = Scores(ranked, counted, report)
        places = scores.places
        decisive = scores.decisive
        words = sentence(report)
    }

    /// Those that have all results, and why the others have not.
    private static func candidates(
        _ drivers: [TargetFacts],
        _ workloads: [String],
        _ report: Report
    ) -> (ranked: [String], unranked: [Unranked]) {
        var (ranked, unranked): ([String], [Unranked]) = ([], [])
        for driver in drivers {
            let lacks = workloads.first { (report.measurement($0, driver.id)?.samples ?? []).isEmpty }
            guard let lacks else {
                ranked.append(driver.id)
                continue
            }
            let why = driver.unsupported ?? report.measurement(lacks, driver.id)?.problem ?? "it was not come to"
            let what = driver.unsupported == nil ? "no result of \(lacks): " : ""
            unranked.append(Unranked(target: driver.id, reason: what + Words.shortened(why)))
        }
        return (ranked, unranked)
    }

    /// Those of one kind of place, and who stands aside: what is in a file passes two file systems, and its disk's
    /// memory has all that is read twice. Most drivers decide; as many of each are ranked on the disk.
    private static func comparable(_ drivers: [TargetFacts]) -> (ranked: [TargetFacts], aside: [Unranked]) {
        let measured = drivers.filter { $0.unsupported == nil }
        let inFiles = measured.filter(\.isInFile)
        guard !inFiles.isEmpty, inFiles.count < measured.count else { return (drivers, []) }
        let ranksFiles = inFiles.count * 2 > measured.count
        let (one, other) = ranksFiles ? ("on the disk", "in files") : ("in a file", "on the disk")
        let reason = "its file system is \(one), the others' are \(other)"
        let aside = measured.filter { $0.isInFile != ranksFiles }
        let names = Set(aside.map(\.id))
        return (drivers.filter { !names.contains($0.id) }, aside.map { Unranked(target: $0.id, reason: reason) })
    }

    /// Those that can't be told from the best: the best itself, and who is within the noise of it.
    package var best: [Place] {
        places.enumerated().filter { $0.offset == 0 || $0.element.times.low <= Self.margin }.map(\.element)
    }
}

/// How drivers do in one class.
private struct Scores {
    private let targets: [String]
    private let workloads: [(facts: WorkloadFacts, weight: Double)]
    /// Weighted logarithms of the medians, as measured: by target, then by workload.
    private var parts: [[Double]] = []
    /// The sums of these: by draw, then by target.
    private var draws: [[Double]] = []

    init(_ targets: [String], _ workloads: [(facts: WorkloadFacts, weight: Double)], _ report: Report) {
        (self.targets, self.workloads) = (targets, workloads)
        let all = workloads.reduce(0) { $0 + $1.weight }
        draws = Array(repeating: Array(repeating: 0, count: targets.count), count: Bootstrap.draws)
        parts = targets.map { _ in [] }
        for (number, (facts, weight)) in workloads.enumerated() {
            let sets = targets.map { target in
                (report.measurement(facts.id, target)?.values ?? []).map { max($0, facts.unit.least) }
            }
            let share = weight / all
            for (target, set) in sets.enumerated() { parts[target].append(share * log(Bootstrap.median(set))) }
            var draw = 0
            _ = Bootstrap.samples(of: sets, seed: UInt64(number + 1)) { medians in
                for target in targets.indices { draws[draw][target] += share * log(medians[target]) }
                draw += 1
                return 0
            }
        }
    }

    /// The targets' numbers, the best first.
    private var order: [Int] {
        let sums = parts.map { $0.reduce(0, +) }
        return targets.indices.sorted { sums[$0] < sums[$1] }
    }

    var places: [Verdict.Place] {
        let order = order
        let first = order[0]
        let wins = draws.map { draw in draw.indices.min { draw[$0] < draw[$1] } ?? 0 }
        return order.map { target in
            let apart = draws.map { exp($0[target] - $0[first]) }.sorted()
            let value = exp(parts[target].reduce(0, +) - parts[first].reduce(0, +))
            let (low, high) = (apart[apart.count * 25 / 1000], apart[apart.count * 975 / 1000 - 1])
            return Verdict.Place(
                target: targets[target],
                times: Ratio(value: value, low: low, high: high),
                bestOf: Double(wins.count { $0 == target }) / Double(wins.count)
            )
        }
    }

    var decisive: [String] {
        let order = order
        guard order.count > 1 else { return [] }
        let apart = zip(parts[order[1]], parts[order[0]]).map { $0 - $1 }
        let most = apart.max() ?? 0
        return apart.indices.sorted { apart[$0] > apart[$1] }.prefix(2)
            .filter { apart[$0] > 0 && apart[$0] > most / 3 }.map { workloads[$0].facts.id }
    }
}
