import FoundationEssentials
import GraphDrivers

/// What `varved driver …` says, as values that also go out as JSON.
enum DriverReport {
    struct Driver: Encodable {
        let name: String
        let supported: Bool
        let fact: String
        let remedy: String?
        let hasData: Bool
        /// Why it is chosen only by its name; absent where it may be chosen by itself.
        let onlyWhenAsked: String?
    }

    struct Decision: Encodable {
        let drivers: [Driver]
        let chosen: String?
        let reason: String
        /// What the benchmark found out, where it was run.
        let measured: MeasuredHere?

        init(_ decision: DriverDecision, measured: MeasuredHere? = nil) {
            self.measured = measured
            drivers = decision.candidates.map {
                Driver(
                    name: $0.name,
                    supported: $0.isSupported,
                    fact: $0.fact,
                    remedy: $0.remedy,
                    hasData: $0.hasData,
                    onlyWhenAsked: whyOnlyAsked($0.name)
                )
            }
            chosen = decision.chosen
            reason = decision.reason
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// Columns of text.
enum Table {
    static func text(_ header: [String], _ rows: [[String]]) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let line = zip(row, widths).map { padded($0, $1 + 3) }.joined()
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        return right ? blanks + text : text + blanks
    }
}
