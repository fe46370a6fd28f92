/// How much longer, or larger, something is than another: the ratio of their medians with its 95 % interval.
package struct Ratio: Codable, Sendable, Equatable {
    package var value: Double
    package var low: Double
    package var high: Double

    /// Nil where there is nothing to compare.
    init?(_ values: [Double], to base: [Double], least: Double) {
        guard !values.isEmpty, !base.isEmpty else { return nil }
        // Times of no length and empty files would make it infinite.
        let sets = [values, base].map { $0.map { max($0, least) } }
        value = Bootstrap.median(sets[0]) / Bootstrap.median(sets[1])
        (low, high) = Bootstrap.interval(of: sets) { $0[0] / $0[1] }
    }

    init(value: Double, low: Double, high: Double) { (self.value, self.low, self.high) = (value, low, high) }
}
