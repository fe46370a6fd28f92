import DriverBench
import Linux
import SystemPackage

/// What the benchmark found out on this host: the report that was left in the data root.
struct MeasuredHere: Encodable {
    let file: String
    /// When it was measured, and in which folders.
    private(set) var date: String?
    private(set) var places: [String] = []
    /// The verdict, a line for each kind of use.
    private(set) var verdict: [String] = []
    /// Why there is none.
    private(set) var problem: String?

    /// Nil where nobody measured.
    init?(_ dataRoot: FilePath) {
        let path = dataRoot.appending("varve/bench.json")
        guard exists(path) else { return nil }
        file = path.string
        do {
            let report = try Report.read(path)
            date = Words.line(report.started)
            for target in report.targets where target.kind == .driver && target.unsupported == nil {
                let place = Words.line(target.place)
                if !places.contains(place) { places.append(place) }
            }
            verdict = Verdict.words(report)
        } catch { problem = Words.line("\(error)") }
    }

    /// For people.
    var lines: [String] {
        if let problem { return ["measured here: \(problem)"] }
        return ["measured here on \(date ?? "") over \(places.joined(separator: ", ")):"] + verdict.map { "    \($0)" }
    }
}
