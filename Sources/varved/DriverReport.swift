import DriverChecks
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
    }

    struct Decision: Encodable {
        let drivers: [Driver]
        let chosen: String?
        let reason: String

        init(_ decision: DriverDecision) {
            drivers = decision.candidates.map {
                Driver(name: $0.name, supported: $0.isSupported, fact: $0.fact, remedy: $0.remedy, hasData: $0.hasData)
            }
            chosen = decision.chosen
            reason = decision.reason
        }
    }

    /// One check on one driver.
    struct Result: Encodable {
        let driver: String
        let promise: String
        let outcome: String
        let reason: String?
        let milliseconds: Int

        init(_ driver: String, _ check: Check, _ outcome: Check.Outcome, _ time: Duration) {
            self.driver = driver
            promise = check.description
            milliseconds = Int(time / .milliseconds(1))
            switch outcome {
            case .passed: (self.outcome, reason) = ("passed", nil)
            case .failed(let why): (self.outcome, reason) = ("failed", why)
            case .skipped(let why): (self.outcome, reason) = ("skipped", why)
            }
        }

        var line: String {
            let time = Table.padded("\(milliseconds) ms", 9, right: true)
            let start = "\(Table.padded(outcome, 8))\(Table.padded(driver, 10))\(time)  \(promise)"
            return reason.map { "\(start)\n        \($0)" } ?? start
        }
    }

    /// One line a driver: `overlay2: 70 checks in 12.3 s: 69 passed, 0 failed, 1 skipped`.
    static func summary(_ results: [Result]) -> String {
        var names: [String] = []
        for result in results where !names.contains(result.driver) { names.append(result.driver) }
        return names.map { name in
            let own = results.filter { $0.driver == name }
            func count(_ outcome: String) -> Int { own.count { $0.outcome == outcome } }
            let tenths = own.reduce(0) { $0 + $1.milliseconds } / 100
            let counts = "\(count("passed")) passed, \(count("failed")) failed, \(count("skipped")) skipped"
            return "\(name): \(own.count) checks in \(tenths / 10).\(tenths % 10) s: \(counts)"
        }.joined(separator: "\n")
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
