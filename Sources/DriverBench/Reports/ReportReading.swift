package import FoundationEssentials
import Linux
package import SystemPackage

/// Why a file is no report that can be read.
package struct UnreadableReport: Error, CustomStringConvertible {
    /// The file.
    package let path: String
    /// What is wrong with it, and what to do.
    package let reason: String

    package var description: String { "\(Words.line(path)) can't be read as a benchmark's report: \(reason)" }
}

extension Report {
    /// Reads the file at `path`; what it says is not believed before it was looked at.
    package static func read(_ path: FilePath) throws -> Report {
        do {
            return try Report(json: Data(readFile(path)))
        } catch let fault as Fault {
            throw UnreadableReport(path: path.string, reason: fault.reason)
        } catch let error as DecodingError {
            throw UnreadableReport(path: path.string, reason: Fault(error).reason)
        }
    }

    /// Takes a report from JSON, with nothing in it that tables and charts could not show.
    package init(json: Data) throws {
        let decoder = JSONDecoder()
        let format = try decoder.decode(FormatOnly.self, from: json).format
        guard format >= 1, format <= Report.format else {
            throw Fault(
                "it has format \(format), and this program knows up to \(Report.format): read it with a newer one"
            )
        }
        self = try decoder.decode(Report.self, from: json)
        try check()
    }

    private struct FormatOnly: Decodable { let format: Int }

    /// What is wrong with a file's content.
    struct Fault: Error {
        let reason: String

        init(_ reason: String) { self.reason = Words.line(reason) }

        init(_ error: DecodingError) {
            switch error {
            case .keyNotFound(let key, let context): self.init("'\(key.stringValue)' is missing\(Self.place(context))")
            case .typeMismatch(_, let context), .valueNotFound(_, let context):
                self.init("there is something of another kind\(Self.place(context))")
            case .dataCorrupted(let context): self.init("\(context.debugDescription)\(Self.place(context))")
            @unknown default: self.init("\(error)")
            }
        }

        private static func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return path.isEmpty ? "" : " at \(path.prefix(200))"
        }
    }

    // MARK: Doubt

    private func check() throws {
        try Self.limit(targets.count, 50, "targets")
        try Self.limit(workloads.count, 500, "workloads")
        try Self.limit(results.count, 5000, "results")
        try Self.limit(results.reduce(0) { $0 + $1.samples.count }, 200_000, "samples")
        try Self.unique(targets.map(\.id), "target")
        try Self.unique(workloads.map(\.id), "workload")
        try Self.unique(results.map { "\($0.workload) on \($0.target)" }, "result")
        for workload in workloads {
            try Self.number(workload.point?.x, "a point of \(workload.id)")
            try Self.number(workload.bytes.map(Double.init), "the bytes of \(workload.id)")
        }
        let (known, measured) = (Set(targets.map(\.id)), Set(workloads.map(\.id)))
        for result in results {
            guard known.contains(result.target), measured.contains(result.workload) else {
                throw Fault("a result of \(result.workload) on \(result.target), which the report does not know")
            }
            try result.check()
        }
        for value in [seconds, plan.budget, noise.processor, noise.disk, noise.stolen, Double(host.memory)] {
            try Self.number(value, "a fact of the host or the run")
        }
    }

    private static func limit(_ count: Int, _ most: Int, _ what: String) throws {
        if count > most { throw Fault("it has \(count) \(what); no run has more than \(most)") }
    }

    private static func unique(_ names: [String], _ what: String) throws {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted { throw Fault("it has the \(what) \(name) twice") }
    }

    /// Times and sizes: not negative, and none that sums or charts could not hold.
    static func number(_ value: Double?, _ what: String) throws {
        guard let value else { return }
        guard value.isFinite, value >= 0, value < 1e18 else { throw Fault("\(what) is \(value)") }
    }
}

extension Measurement {
    fileprivate func check() throws {
        for sample in samples {
            for value in [sample.value, sample.processor, sample.calls] {
                try Report.number(value, "a sample of \(workload) on \(target)")
            }
        }
        let fits = summary.map { $0.count == samples.count && $0.low <= $0.median && $0.median <= $0.high }
        guard fits ?? samples.isEmpty else {
            throw Report.Fault("the summary of \(workload) on \(target) does not fit its samples")
        }
        for value in [summary?.low, summary?.median, summary?.high, summary?.least] {
            try Report.number(value, "the summary of \(workload) on \(target)")
        }
    }
}
