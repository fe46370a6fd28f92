public import GraphDrivers

/// A plug-in that did not do what it was asked: which, what, why, and what to do.
public struct RemoteError: PassingError, Equatable, CustomStringConvertible {
    /// What went wrong.
    public enum Reason: Sendable, Equatable {
        /// Nobody listens.
        case away(String)
        /// The connection broke before the answer was whole.
        case brokenOff
        /// No answer in that time.
        case silent(seconds: Int)
        /// What came is no answer of a plug-in.
        case garbage(String)
        /// What it says can't be.
        case lie(String)
        /// A folder that it may not show.
        case strayFolder(String, why: String)
        /// It is no graph driver.
        case otherKind([String])
    }

    /// The plug-in's name and where it listens.
    public let plugin: String
    /// What it was asked, and about which layer.
    public let call: String
    /// What went wrong.
    public let reason: Reason

    /// The plug-in, the call, the reason, and what to do.
    public var description: String { "storage plug-in \(plugin): \(call): \(explanation)" }

    private var explanation: String {
        switch reason {
        case .away(let why): "nobody answers (\(why)); start the plug-in: it is used again as soon as it listens"
        case .brokenOff:
            "it closed the connection before its answer was whole; look into its log: it is used again when it is back"
        case .silent(let seconds):
            "it gave no answer within \(seconds) s; see what it waits for, or give it longer with "
                + "--storage-opt remote.timeout=SECONDS"
        case .garbage(let what): "its answer is not understood: \(what); this is a fault of the plug-in's"
        case .lie(let what): "\(what), which can't be; this is a fault of the plug-in's"
        case .strayFolder(let folder, let why):
            "it shows the folder \(folder), \(why); it may show only folders below its home"
        case .otherKind(let kinds):
            "it is a plug-in of another kind (\(kinds.joined(separator: ", "))), and no \"GraphDriver\""
        }
    }
}
