import Testing

@testable import Metrics

@Suite struct ExpositionTests {
    @Test func countersAreWrittenWithTheirLabels() async {
        let metrics = Metrics()
        let plain = metrics.counter("a_total", "How many\nlines")
        let labelled = metrics.counter("b_total", "By kind", labels: ["kind", "code"])
        plain.add(3)
        labelled.add(1, [#"with "quotes" and \"#, "1"])
        labelled.add(2, ["a", "2"])
        #expect(
            await metrics.exposition() == #"""
                # HELP a_total How many\nlines
                # TYPE a_total counter
                a_total 3
                # HELP b_total By kind
                # TYPE b_total counter
                b_total{kind="a",code="2"} 2
                b_total{kind="with \"quotes\" and \\",code="1"} 1

                """#
        )
    }

    @Test func histogramsCountWhatIsBelowEachBound() async {
        let metrics = Metrics()
        let seconds = metrics.histogram("s", "Seconds", labels: ["of"])
        seconds.expect(["none"])
        seconds.observe(.milliseconds(5), ["x"])
        seconds.observe(.seconds(2), ["x"])
        seconds.observe(.seconds(60), ["x"])
        let lines = await metrics.exposition().split(separator: "\n")
        #expect(lines.contains(#"s_bucket{of="x",le="0.005"} 1"#))
        #expect(lines.contains(#"s_bucket{of="x",le="1"} 1"#))
        #expect(lines.contains(#"s_bucket{of="x",le="2.5"} 2"#))
        #expect(lines.contains(#"s_bucket{of="x",le="10"} 2"#))
        #expect(lines.contains(#"s_bucket{of="x",le="+Inf"} 3"#))
        #expect(lines.contains(#"s_sum{of="x"} 62.005"#))
        #expect(lines.contains(#"s_count{of="x"} 3"#))
        #expect(lines.contains(#"s_count{of="none"} 0"#))
    }

    @Test func readingsAreTakenWhenAskedFor() async {
        let metrics = Metrics()
        metrics.reading("here", "Is") { 1.5 }
        metrics.reading("gone", "Can't be found out") { nil }
        let lines = await metrics.exposition().split(separator: "\n")
        #expect(lines.contains("here 1.5") && !lines.contains { $0.hasPrefix("gone") })
        #expect(lines.contains("# TYPE gone gauge"))
    }

    @Test(arguments: [(1e-7, "1e-07"), (.infinity, "+Inf"), (-3, "-3"), (1e15, "1000000000000000")])
    func numbers(_ value: Double, _ text: String) { #expect(Exposition.number(value) == text) }
}
