/// How the storage driver was chosen, driver by driver: what `varve driver probe` shows.
public struct DriverDecision: Sendable {
    /// One built-in driver on this host.
    public struct Candidate: Sendable {
        /// The driver's name.
        public let name: String
        /// Whether this host can run it on the data root's file system.
        public let isSupported: Bool
        /// The fact that decided that.
        public let fact: String
        /// What to do to have it; nil where nothing needs doing.
        public let remedy: String?
        /// Whether the data root has layers of this driver.
        public let hasData: Bool

        init(name: String, isSupported: Bool, fact: String, remedy: String?, hasData: Bool) {
            self.name = name
            self.isSupported = isSupported
            self.fact = fact
            self.remedy = remedy
            self.hasData = hasData
        }
    }

    /// The drivers in order of priority.
    public let candidates: [Candidate]
    /// The driver the daemon would run; nil where it would not start.
    public let chosen: String?
    /// Why that one, or why none.
    public let reason: String

    /// The same decision, and others that are there beside those it was made among.
    public func with(_ others: [Candidate]) -> DriverDecision {
        DriverDecision(candidates: candidates + others, chosen: chosen, reason: reason)
    }
}

/// No driver could be chosen.
public enum ChoiceError: Error, Equatable, CustomStringConvertible {
    /// Nobody asked for a driver, and several have data.
    case severalWithData(dataRoot: String, names: [String])
    /// No driver of that name is built in.
    case unknown(name: String, known: [String])
    /// This host can run none of them.
    case noneSupported([String])

    /// What was found, and what to do.
    public var description: String {
        switch self {
        case .severalWithData(let root, let names):
            "\(root) contains several valid graphdrivers: \(names.joined(separator: ", ")); "
                + "cleanup or explicitly choose storage driver (-s <DRIVER>)"
        case .unknown(let name, let known):
            "storage driver \(name): driver not supported: no such driver is built in, and no plug-in has "
                + "that name; choose one of \(known.joined(separator: ", "))"
        case .noneSupported(let reasons):
            "no supported storage driver found: \(reasons.joined(separator: "; "))"
        }
    }
}
