/// The answer to any call; each has some of its keys.
package struct PluginAnswer: Codable, Sendable, Equatable {
    /// Why it was not done; null and empty mean that it was.
    package var error: String?
    /// The same in a form for programs. Only Varve's drivers say it.
    package var refusal: PluginRefusal?
    /// `Activate`.
    package var kinds: [String]?
    package var folder: String?
    package var exists: Bool?
    package var status: [[String]]?
    package var changes: [PathChange]?
    package var size: Int64?
    package var metadata: [String: String]?
    package var capabilities: PluginPromises?
    /// Where Docker's documentation shows the only capability it has; its programs write and read it in `Capabilities`.
    package var flatExactDiffs: Bool?

    /// What happened to one path.
    package struct PathChange: Codable, Sendable, Equatable {
        package let path: String
        package let kind: Int

        package init(path: String, kind: Int) {
            self.path = path
            self.kind = kind
        }

        enum CodingKeys: String, CodingKey {
            case path = "Path"
            case kind = "Kind"
        }
    }

    enum CodingKeys: String, CodingKey {
        case error = "Err"
        case refusal = "Refusal"
        case kinds = "Implements"
        case folder = "Dir"
        case exists = "Exists"
        case status = "Status"
        case changes = "Changes"
        case size = "Size"
        case metadata = "Metadata"
        case capabilities = "Capabilities"
        case flatExactDiffs = "ReproducesExactDiffs"
    }

    package init() {}
}

/// What a plug-in promises: Docker's one capability, and those that Varve's drivers tell each other.
package struct PluginPromises: Codable, Sendable, Equatable {
    /// A layer's tar comes back as it was applied, byte by byte.
    package var exactDiffs: Bool?
    /// It keeps several homes apart, by the `Home` of each call.
    package var homes: Bool?
    /// It takes the limits of archives from the query of `ApplyDiff`.
    package var limits: Bool?
    /// The bits of `GraphDrivers.Capabilities`.
    package var varve: UInt32?

    enum CodingKeys: String, CodingKey {
        case exactDiffs = "ReproducesExactDiffs"
        case homes = "Homes"
        case limits = "ArchiveLimits"
        case varve = "Varve"
    }

    package init() {}
}
