import Testing

@testable import DriverBench

@Suite struct ComparisonTests {
    @Test func exactProbabilitiesAreThoseOfTheTables() {
        // All of one beyond all of the other: 2 / C(10, 5), and the next but one place.
        #expect(abs(MannWhitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]).p - 2.0 / 252) < 1e-12)
        #expect(abs(MannWhitney([1, 2, 3, 4, 6], [5, 7, 8, 9, 10]).p - 4.0 / 252) < 1e-12)
        #expect(abs(MannWhitney([1, 2, 3], [4, 5, 6]).p - 0.1) < 1e-12)
        #expect(MannWhitney([1, 4], [2, 3]).p == 1)
        #expect(MannWhitney([], [1]).p == 1)
    }

    @Test func tiesAndManyValuesUseTheNormalDistribution() {
        #expect(MannWhitney([1, 1, 1, 1], [1, 1, 1, 1]).p == 1)
        // R: wilcox.test(1:30, 11:40)$p.value with exact = FALSE.
        let shifted = MannWhitney((1...30).map(Double.init), (11...40).map(Double.init))
        #expect(shifted.p > 0.0001 && shifted.p < 0.001)
    }

    @Test func manyLooksAreCorrected() {
        let adjusted = MannWhitney.adjusted([0.01, 0.04, 0.03, 0.5])
        #expect(zip(adjusted, [0.04, 0.16 / 3, 0.16 / 3, 0.5]).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    /// What is repeated differs in at most one row of twenty, however few the samples and noisy the machine.
    @Test(arguments: [(5, 0.15), (9, 0.05)]) func theSameAgainDiffersSeldom(samples: Int, spread: Double) {
        var (rows, differing) = (0, 0)
        for seed in 0..<5 as Range<UInt64> {
            var made = MadeReport(seed: seed + 1)
            (made.samples, made.spread) = (samples, spread)
            let comparison = Comparison(made.make(), made.make())
            rows += comparison.rows.count
            differing += comparison.rows.count { $0.outcome != .same }
            #expect(comparison.differences.isEmpty)
        }
        #expect(rows == 5 * 44 && Double(differing) <= 0.05 * Double(rows))
    }

    @Test(arguments: [5, 9]) func aSlowerDriverIsFoundInTheRightRows(samples: Int) throws {
        var made = MadeReport(seed: 3)
        (made.samples, made.spread) = (samples, 0.02)
        let before = made.make()
        made.changes = [("overlay2", "copy-up", 1.3), ("btrfs", "lookup/1-", 0.4)]
        let comparison = Comparison(before, made.make())
        let slower = comparison.regressions
        #expect(
            slower.map { "\($0.workload) on \($0.target)" } == [
                "copy-up/4KiB on overlay2", "copy-up/256MiB on overlay2",
            ]
        )
        let words = try #require(slower.first).words
        #expect(words.hasPrefix("slower by ") && words.hasSuffix(" %)"))
        let faster = comparison.rows.filter { $0.outcome == .faster }
        #expect(faster.map(\.target) == ["btrfs"] && faster.allSatisfy { $0.words.hasPrefix("faster 2.") })
        #expect(ComparisonTable(comparison, TextStyle()).text.contains("44 rows: 2 slower, 1 faster"))
    }

    @Test func whatPlainFoldersDoTooIsTheHosts() {
        var made = MadeReport(seed: 5)
        let before = made.make()
        made.changes = ["plain", "overlay2", "btrfs", "vfs"].map { ($0, "fsync", 3) }
        let comparison = Comparison(before, made.make())
        #expect(comparison.regressions.isEmpty)
        #expect(comparison.rows.count { $0.outcome == .host && $0.workload == "fsync" } == 4)
    }

    @Test func threeValuesTellNothing() {
        var made = MadeReport(seed: 6)
        made.samples = 3
        let before = made.make()
        made.changes = [("vfs", "", 3)]
        #expect(Comparison(before, made.make()).rows.allSatisfy { $0.outcome == .unknown })
    }

    /// A row's own values count, not how often the machine's noise was taken.
    @Test func theMarginIsWhatTheNoiseLeavesInSoManyValues() {
        func margin(_ values: Int, taken: Int, _ group: WorkloadGroup = .writes) -> Double {
            var noise = Noise()
            (noise.processor, noise.disk, noise.count) = (0.02, 0.4, taken)
            return Comparison.Row.margin(group, [(noise, values), (noise, values)])
        }
        #expect(abs(margin(8, taken: 3) - 0.186) < 1e-9 && margin(8, taken: 3) == margin(8, taken: 3000))
        #expect(margin(32, taken: 3) * 2 == margin(8, taken: 3))
        #expect(margin(8, taken: 3, .reads) == 0.05)
    }

    /// Where no p survives the correction, lying apart is not enough: chance does that, too.
    @Test func whereTheCorrectionIsOutOfReachTheEffectMustBeLarge() throws {
        let close = MannWhitney([1, 1.02, 1.04, 1.05, 1.1], [1.12, 1.14, 1.15, 1.18, 1.2])
        #expect(close.isComplete && !close.isFarApart)
        #expect(MannWhitney([1, 1.02, 1.04, 1.05, 1.1], [1.3, 1.31, 1.33, 1.35, 1.4]).isFarApart)
        #expect(!MannWhitney([2, 3], [1, 4]).isFarApart && !MannWhitney([], [1]).isFarApart)
        var made = MadeReport(seed: 8)
        (made.samples, made.spread) = (5, 0)
        var (before, after) = (made.make(), made.make())
        for (values, index) in [([1, 1.02, 1.04, 1.05, 1.1], 0), ([1.19, 1.21, 1.22, 1.24, 1.3], 1)] {
            let changed = Measurement(
                workload: "fsync",
                target: "vfs",
                samples: values.map { Sample(value: $0) }
            )
            if index == 0 { before = before.replacing(changed) } else { after = after.replacing(changed) }
        }
        let row = try #require(Comparison(before, after).rows.first { $0.workload == "fsync" && $0.target == "vfs" })
        #expect(row.outcome == .slower, "the gap is as wide as either: \(row)")
        let less = Measurement(
            workload: "fsync",
            target: "vfs",
            samples: [1.12, 1.13, 1.14, 1.15, 1.2].map { Sample(value: $0) }
        )
        let few = try #require(
            Comparison(before, after.replacing(less)).rows.first { $0.workload == "fsync" && $0.target == "vfs" }
        )
        #expect(few.outcome == .unknown || few.outcome == .same, "\(few)")
    }

    @Test func otherHostsAndSettingsAreSaid() {
        var made = MadeReport(seed: 7)
        let before = made.make()
        var after = made.make()
        (after.host.kernel, after.plan.scale) = ("6.1", "full")
        after.targets[1].mountOptions = "noatime"
        after.results.removeLast()
        let comparison = Comparison(before, after)
        #expect(
            comparison.differences == [
                "kernel: none, then 6.1", "scale: quick, then full", "mount options of btrfs: none, then noatime",
            ]
        )
        #expect(comparison.onlyBefore == ["disk/many-small on vfs"] && comparison.onlyAfter.isEmpty)
    }
}

extension Report {
    fileprivate func replacing(_ result: Measurement) -> Report {
        var report = self
        report.results = results.map { $0.workload == result.workload && $0.target == result.target ? result : $0 }
        return report
    }
}
