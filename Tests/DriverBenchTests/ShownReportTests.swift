import Testing

@testable import DriverBench

@Suite struct ShownReportTests {
    private func report(_ change: (inout Report) -> Void = { _ in }) -> Report {
        var made = MadeReport(seed: 1)
        var report = made.make()
        change(&report)
        return report
    }

    @Test func numbersHaveThreeDigitsAndAUnit() {
        #expect(
            Words.value(0.001234, .seconds) == "1.23 ms"
                && Words.value(0, .seconds) == "0 s".replacing("0", with: "0.00")
        )
        #expect(Words.value(12.34, .seconds) == "12.3 s" && Words.value(4.2e-6, .seconds) == "4.20 µs")
        #expect(Words.value(512, .bytes) == "512 B" && Words.value(1.5 * 1024 * 1024, .bytes) == "1.50 MiB")
        #expect(Words.percent(0.004) == "0.4 %" && Words.percent(0.126) == "13 %")
        #expect(
            Words.decimal(-0.001, 1) == "0.0" && Words.decimal(.nan, 2) == "∞" && Words.decimal(1.005e3, 0) == "1005"
        )
        #expect(Words.list(["a", "b", "c"]) == "a, b and c")
    }

    @Test func theTableFitsTheTerminalAndIsPlainInAPipe() {
        let text = TableReport(report(), TextStyle(width: 20)).text
        #expect(!text.contains("\u{1b}"))
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("  overlay2") }
        #expect(rows.count > 4 && rows.allSatisfy { $0.count <= 80 })
        #expect(text.contains("fsync: what fsync takes") && text.contains("many-layers: overlay2: 1.3 times"))
        #expect(text.contains("4KiB") && text.contains("256MiB"))
        #expect(TableReport(report(), TextStyle(width: 120, hasColours: true)).text.contains("\u{1b}[32m"))
    }

    @Test func barsAreAsLongAsTheirPart() {
        #expect(TextStyle.bar(1, 4) == "████" && TextStyle.bar(0.5, 4) == "██" && TextStyle.bar(0, 4).isEmpty)
        #expect(TextStyle.bar(0.0001, 4) == "▏" && TextStyle.bar(9, 4) == "████")
    }

    @Test func problemsAreShownEverywhere() {
        let broken = report { report in
            report.results[1].samples = []
            report.results[1].summary = nil
            report.results[1].problem = "the disk, it said \"full\""
            (report.ending, report.reason) = (.stopped, "interrupted")
            report.problems = ["a mount stayed"]
        }
        let shown = [TableReport(broken, TextStyle()).text, PageReport(broken).text]
        for text in shown {
            for word in ["the disk, it said", "interrupted", "a mount stayed"] { #expect(text.contains(word)) }
        }
        #expect(SampleTable(broken).text.contains("\"the disk, it said \"\"full\"\"\""))
    }

    @Test func csvHasOneLineASample() {
        let lines = SampleTable(report()).text.split(separator: "\r\n")
        #expect(lines.count == 1 + 11 * 4 * 9)
        #expect(lines[1].hasPrefix("unpack/16-layers,images,plain,plain,plain,,1,"))
    }

    @Test func thePageLoadsNothingAndEscapesAll() {
        let hostile = "<script>alert(1)</script>\u{202e}'\"&"
        let page = PageReport(
            report { report in
                report.command = [hostile]
                report.host.processor = hostile
                report.problems = [hostile]
                report.targets[1].id = hostile
                report.targets[1].status = [hostile]
                for index in report.results.indices where report.results[index].target == "btrfs" {
                    report.results[index].target = hostile
                }
                report.workloads[0].standsFor = hostile
            }
        ).text
        #expect(!page.contains("<script") && !page.contains("\u{202e}"))
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &#39;&quot;&amp;"))
        for word in ["http:", "https:", "src=", "@import", "url(http", "NaN", "nan%", "∞"] {
            #expect(!page.contains(word), "\(word)")
        }
    }

    @Test(arguments: [[1.0, 2, 3], [0.001, 5, 100], [7], [], [0, 0]]) func axesHoldWhatTheyWereMadeFor(
        _ values: [Double]
    ) {
        let axis = Axis(values)
        for value in values { #expect((0...1).contains(axis.place(value))) }
        #expect(axis.isLogarithmic == (values.count == 3 && values[0] < 1))
        #expect(axis.ticks.allSatisfy { $0 >= axis.low && $0 <= axis.high })
        #expect((1...12).contains(axis.ticks.count))
    }
}
