/// Some values in few: their median, and how sure it is.
package struct Summary: Codable, Sendable, Equatable {
    package var median: Double
    /// The ends of the interval that has the median with a probability of 95 % (bootstrap).
    package var low: Double
    package var high: Double
    package var least: Double
    package var count: Int
    /// The values that lie further from the median than three times the usual distance (1.4826 · MAD).
    package var outliers: [Double]

    /// Nil where there are no values.
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = Bootstrap.median(ofSorted: sorted)
        median = middle
        least = sorted[0]
        count = sorted.count
        (low, high) = Bootstrap.interval(of: [sorted]) { $0[0] }
        let usual = 1.4826 * Bootstrap.median(ofSorted: sorted.map { abs($0 - middle) }.sorted())
        outliers = sorted.filter { abs($0 - middle) > 3 * usual && usual > 0 }
    }

    /// Half the interval's width, as a part of the median.
    package var uncertainty: Double { median > 0 ? (high - low) / 2 / median : 0 }
}

/// Intervals without a guess at the distribution: by drawing again from what was measured (Efron 1979).
package enum Bootstrap {
    /// How many draws an interval is made of.
    static let draws = 1000

    /// The middle value, or the mean of both middle ones; 0 of none.
    package static func median(ofSorted values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let half = values.count / 2
        return values.count % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2
    }

    package static func median(_ values: [Double]) -> Double { median(ofSorted: values.sorted()) }

    /// The 95 % interval of what `statistic` makes of the medians of `sets`; always the same for the same values.
    package static func interval(of sets: [[Double]], _ statistic: ([Double]) -> Double) -> (Double, Double) {
        let found = samples(of: sets, statistic).sorted()
        return (found[draws * 25 / 1000], found[draws * 975 / 1000 - 1])
    }

    /// What `statistic` makes of each draw; `seed` decides them.
    package static func samples(
        of sets: [[Double]],
        seed: UInt64 = 1,
        _ statistic: ([Double]) -> Double
    ) -> [Double] {
        var random = SeededGenerator(seed: seed)
        let sorted = sets.map { $0.count > many ? $0.sorted() : $0 }
        return (0..<draws).map { _ in statistic(sorted.map { drawnMedian(of: $0, &random) }) }
    }

    /// From so many values on, a draw takes a place around the middle and not each value: as good, and at once.
    private static let many = 200

    /// The median of a set that was drawn again from `set`, which is sorted if it is of many.
    private static func drawnMedian(of set: [Double], _ random: inout SeededGenerator) -> Double {
        guard set.count > many else {
            return median(set.map { _ in set[Int.random(in: 0..<set.count, using: &random)] })
        }
        // So many of n values lie below a place p of the set: n·p, give or take √n / 2 near the middle.
        let twelve = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
        let place = (Double(set.count) + Double(set.count).squareRoot() * twelve) / 2
        return set[min(set.count - 1, max(0, Int(place)))]
    }
}

/// Random numbers that come again with the same seed (SplitMix64, Steele et al. 2014).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
