public import GraphDrivers
public import SystemPackage

/// How one check ended on one driver, as people and programs are told.
public struct CheckResult: Encodable, Sendable {
    /// The driver's name.
    public let driver: String
    /// What was checked.
    public let promise: String
    /// `passed`, `failed` or `skipped`.
    public let outcome: String
    /// Why it failed or was skipped.
    public let reason: String?
    /// How long it took.
    public let milliseconds: Int

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

    /// Runs each check whose promise contains `words` (nil: all) on each of `drivers`, in a folder of its own below `home`;
    /// `told` hears of each when it has ended.
    public static func of(
        _ drivers: [DriverKind],
        containing words: String? = nil,
        in home: FilePath,
        options: DriverOptions = DriverOptions(),
        told: (CheckResult) -> Void
    ) -> [CheckResult] {
        let checks = Check.all.filter { words.map($0.description.contains) ?? true }
        return drivers.flatMap { driver in
            checks.map { check in
                let start = ContinuousClock.now
                let outcome = check.run(on: driver, in: home, options: options)
                let result = CheckResult(driver.name, check, outcome, ContinuousClock.now - start)
                told(result)
                return result
            }
        }
    }

    /// A line for people, and another for the reason.
    public var line: String {
        let time = "\(milliseconds) ms"
        let blanks = String(repeating: " ", count: max(0, 9 - time.count))
        let start = "\(Self.padded(outcome, 8))\(Self.padded(driver, 10))\(blanks)\(time)  \(promise)"
        return reason.map { "\(start)\n        \($0)" } ?? start
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// One line a driver: `overlay2: 70 checks in 12.3 s: 69 passed, 0 failed, 1 skipped`.
    public static func summary(_ results: [CheckResult]) -> String {
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
}
