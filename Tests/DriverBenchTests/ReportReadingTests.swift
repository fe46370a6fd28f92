import FoundationEssentials
import Testing

@testable import DriverBench

@Suite struct ReportReadingTests {
    private func text(_ change: (inout Report) -> Void = { _ in }) throws -> String {
        var made = MadeReport(seed: 1)
        var report = made.make()
        change(&report)
        return try report.json()
    }

    private func read(_ text: String) throws -> Report { try Report(json: Data(text.utf8)) }

    /// Why a file is refused.
    private func refusal(_ text: String) -> String? {
        do {
            _ = try read(text)
            return nil
        } catch let fault as Report.Fault { return fault.reason } catch { return "\(error)" }
    }

    @Test func whatIsWrittenIsRead() throws {
        let written = try text()
        #expect(try read(written).json() == written)
        #expect(written.contains("\"workload\" : \"copy-up/4KiB\""))
    }

    @Test func newerFormatsAreRefusedWhateverTheyHave() throws {
        #expect(refusal("{\"format\": 2, \"results\": 7}")?.contains("format 2") == true)
        #expect(refusal("{\"format\": -1}")?.contains("format -1") == true)
    }

    @Test(arguments: ["", "[]", "{", "{\"format\": 1}", "{\"format\": \"x\"}", "\u{0}\u{1}", "{\"format\": 1e999}"])
    func whatIsNoReportIsRefused(_ text: String) { #expect(refusal(text) != nil) }

    @Test func valuesThatNoClockGivesAreRefused() throws {
        for value in [-1, 1e19] {
            let hostile = try text { $0.results[0].samples[0].value = value }
            #expect(refusal(hostile)?.contains("a sample of unpack/16-layers on plain") == true)
        }
        #expect(refusal(try text().replacing("\"x\" : 4096", with: "\"x\" : NaN")) != nil)
        #expect(refusal(try text().replacing("\"x\" : 4096", with: "\"x\" : 1e999")) != nil)
    }

    @Test func referencesToNothingAreRefused() throws {
        #expect(refusal(try text { $0.targets.removeLast() })?.contains("does not know") == true)
        #expect(refusal(try text { $0.workloads.append($0.workloads[0]) })?.contains("twice") == true)
        #expect(refusal(try text { $0.results.append($0.results[0]) })?.contains("twice") == true)
        #expect(refusal(try text { $0.results[0].summary = nil })?.contains("does not fit") == true)
        #expect(refusal(try text { $0.targets[1].baseline = "nobody" }) == nil)
    }

    /// What passes can be shown: also zeros, nothing at all, and names that mean something to terminals and browsers.
    @Test func whatIsReadCanBeShown() throws {
        let reports = [
            try text { report in report.results = [] },
            try text { report in (report.targets, report.workloads, report.results) = ([], [], []) },
            try text { report in
                report.results = report.results.map { result in
                    .init(workload: result.workload, target: result.target, samples: [Sample(value: 0)])
                }
                for index in report.workloads.indices { report.workloads[index].point?.x = 0 }
            },
            try text { report in
                report.results = report.results.map { result in
                    .init(
                        workload: result.workload,
                        target: result.target,
                        samples: [1e17, 1e-17].map { Sample(value: $0) }
                    )
                }
            },
        ]
        for text in reports {
            let report = try read(text)
            #expect(TableReport(report, TextStyle()).text.contains("Best here for"))
            #expect(PageReport(report).text.hasSuffix("</html>"))
            #expect(SampleTable(report).text.hasPrefix("workload,"))
            _ = ComparisonTable(Comparison(report, report), TextStyle()).text
        }
    }
}
