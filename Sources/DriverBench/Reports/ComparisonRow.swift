/// What is known of one row.
extension Comparison.Row {
    /// Nil where one of them has nothing.
    init?(_ result: Measurement, _ before: Report, _ after: Report) {
        guard let facts = before.workloads.first(where: { $0.id == result.workload }),
            let other = after.measurement(result.workload, result.target),
            let ratio = Ratio(other.values, to: result.values, least: facts.unit.least)
        else { return nil }
        (workload, target, unit) = (result.workload, result.target, facts.unit)
        self.ratio = ratio
        let measured = [(before.noise, result.samples.count), (after.noise, other.samples.count)]
        margin = 1 + Self.margin(facts.group, measured)
        (self.before, self.after) = (Bootstrap.median(result.values), Bootstrap.median(other.values))
        counts = [result.samples.count, other.samples.count]
        let target = before.targets.first { $0.id == result.target }
        isPlain = target?.kind == .plain
        let baseline = target?.baseline
        let plain = [before, after].map { report in
            baseline.flatMap { report.measurement(result.workload, $0) }?.values ?? []
        }
        beyondHost = nil
        guard isBeyond(ratio) else { return }
        beyondHost = Self.beyondHost(other.values, result.values, plain, unit.least)
    }

    private static func beyondHost(
        _ later: [Double],
        _ earlier: [Double],
        _ plain: [[Double]],
        _ least: Double
    ) -> Ratio? {
        let sets = [later, earlier, plain[1], plain[0]].map { $0.map { max($0, least) } }
        guard sets.allSatisfy({ !$0.isEmpty }) else { return nil }
        func divided(_ medians: [Double]) -> Double { medians[0] / medians[1] / (medians[2] / medians[3]) }
        let (low, high) = Bootstrap.interval(of: sets, divided)
        return Ratio(value: divided(sets.map { Bootstrap.median($0) }), low: low, high: high)
    }

    /// What the machines themselves vary by, as far as it is left in the ratio of two medians of so many values each:
    /// nobody can see less.
    ///
    /// A disk's counts where files are flushed to it.
    static func margin(_ group: WorkloadGroup, _ measured: [(noise: Noise, count: Int)]) -> Double {
        let flushes: Set<WorkloadGroup> = [.images, .containers, .writes, .programs, .daemon]
        let variance = measured.reduce(0.0) { sum, run in
            let spread = max(run.noise.processor, flushes.contains(group) ? run.noise.disk : 0)
            // 1.25 σ/√n is a median's own deviation, and a quartile's distance from the next is 1.35 σ.
            return sum + 0.93 * 0.93 * spread * spread / Double(max(1, run.count))
        }
        return max(0.05, variance.squareRoot())
    }

    private func isBeyond(_ ratio: Ratio) -> Bool { ratio.low > margin || ratio.high < 1 / margin }

    /// `isOutOfReach`: the sets lie apart, but so few values can't rule out chance.
    func judged(isSure: Bool, isOutOfReach: Bool) -> Comparison.Outcome {
        guard isBeyond(ratio) else { return .same }
        guard isSure else { return isOutOfReach ? .unknown : .same }
        if isPlain { return .host }
        if let beyondHost, !isBeyond(beyondHost) || (beyondHost.value > 1) != (ratio.value > 1) { return .host }
        return ratio.value > 1 ? .slower : .faster
    }

    /// `slower by 12 % (7–18 %)`, `no significant difference`.
    var sentence: String {
        switch outcome {
        case .same: return "no significant difference"
        case .unknown: return "too few values to tell"
        case .slower, .faster: return change
        case .host: return "\(change)\(isPlain ? "" : ", as are plain folders"): the host, not a driver"
        }
    }

    private var change: String {
        if ratio.value > 1 { return "\(unit == .seconds ? "slower" : "larger") \(Self.by(ratio))" }
        let inverse = Ratio(value: 1 / ratio.value, low: 1 / ratio.high, high: 1 / ratio.low)
        let percents = Ratio(value: 2 - ratio.value, low: 2 - ratio.high, high: 2 - ratio.low)
        return "\(unit == .seconds ? "faster" : "smaller") \(Self.by(inverse.value < 2 ? percents : inverse))"
    }

    private static func by(_ ratio: Ratio) -> String {
        guard ratio.value < 2 else {
            return "\(Words.times(ratio.value)) times (\(Words.times(ratio.low))–\(Words.times(ratio.high)))"
        }
        let low = Words.percent(ratio.low - 1).dropLast(2)
        return "by \(Words.percent(ratio.value - 1)) (\(low)–\(Words.percent(ratio.high - 1)))"
    }
}
