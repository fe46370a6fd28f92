/// A report as CSV (RFC 4180): one line a sample, for spreadsheets and statistics programs.
///
/// A workload without any sample on a target has one line, with its problem and no value.
package struct SampleTable {
    private let report: Report

    package init(_ report: Report) { self.report = report }

    package var text: String {
        let facts = Dictionary(report.workloads.map { ($0.id, $0) }) { first, _ in first }
        let targets = Dictionary(report.targets.map { ($0.id, $0) }) { first, _ in first }
        var lines = [
            "workload,group,target,kind,driver,file_system,round,value,unit,processor_seconds,system_calls,problem"
        ]
        for result in report.results {
            let (workload, target) = (facts[result.workload], targets[result.target])
            let start = [
                result.workload, workload?.group.rawValue ?? "", result.target, target?.kind.rawValue ?? "",
                target?.name ?? "", target?.fileSystem ?? "",
            ]
            let unit = workload?.unit.rawValue ?? ""
            for (number, sample) in result.samples.enumerated() {
                let figures = [sample.processor, sample.calls].map { $0.map { "\($0)" } ?? "" }
                lines.append(Self.line(start + ["\(number + 1)", "\(sample.value)", unit] + figures + [""]))
            }
            if result.samples.isEmpty {
                lines.append(Self.line(start + ["", "", unit, "", "", result.problem ?? ""]))
            }
        }
        return lines.map { "\($0)\r\n" }.joined()
    }

    private static func line(_ cells: [String]) -> String {
        cells.map { cell in
            let isPlain = cell.unicodeScalars.allSatisfy { !",\"\r\n".unicodeScalars.contains($0) }
            return isPlain
                ? cell
                : "\"\(cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
        }.joined(separator: ",")
    }
}
