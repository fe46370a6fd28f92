import DriverBench
import Testing

@Suite struct SummaryTests {
    @Test func medianIsTheMiddle() throws {
        #expect(try #require(Summary([3, 1, 2])).median == 2)
        #expect(try #require(Summary([4, 1, 2, 3])).median == 2.5)
        #expect(Summary([]) == nil)
    }

    @Test func intervalHoldsTheMedianAndIsTheSameEachTime() throws {
        let values = (0..<40).map { Double($0 * 7 % 40) }
        let summary = try #require(Summary(values))
        #expect(summary.low < summary.median && summary.median < summary.high)
        #expect(summary.low > 5 && summary.high < 34)
        #expect(Summary(values) == summary)
    }

    /// Of 200 samples of a known distribution, about 95 % have intervals that hold its median.
    @Test func intervalHoldsTheTrueMedianAsOftenAsItSays() throws {
        var random = SeededGenerator(seed: 7)
        let held = try (0..<200).count { _ in
            let summary = try #require(Summary((0..<25).map { _ in Double.random(in: 0..<1, using: &random) }))
            return summary.low <= 0.5 && 0.5 <= summary.high
        }
        #expect((180...200).contains(held))
    }

    /// Of many values the interval is as wide as theory has it, 1.96 · 1.25 σ/√n each side, and there at once.
    @Test func intervalsOfManyValuesAreAsWideAndQuick() throws {
        var random = SeededGenerator(seed: 3)
        let values = (0..<100_000).map { _ in
            (0..<12).reduce(100.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
        }
        let start = ContinuousClock.now
        let summary = try #require(Summary(values))
        #expect(ContinuousClock.now - start < .seconds(20))  // drawing each value took minutes in a debug build
        let width = (summary.high - summary.low) * Double(values.count).squareRoot()
        #expect((4.4...5.4).contains(width) && summary.low < 106 && 106 < summary.high, "\(width), \(summary)")
    }

    @Test func outliersAreFarFromTheOthers() throws {
        #expect(try #require(Summary([1, 1.1, 0.9, 1, 1.05, 0.95, 9])).outliers == [9])
    }
}
