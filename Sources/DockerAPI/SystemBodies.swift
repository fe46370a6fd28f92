/// Every error.
package struct ErrorBody: Codable, Sendable, Equatable {
    @Lenient package var message: String = ""

    package enum CodingKeys: String, CodingKey {
        case message
    }

    package init() {}
}

/// A part of the engine, with its version.
package struct VersionComponent: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var version: String = ""
    package var details: [String: String]?

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case version = "Version"
        case details = "Details"
    }

    package init() {}
}

/// Who made the engine.
package struct VersionPlatform: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
    }

    package init() {}
}

/// The answer to `GET /version`.
package struct VersionResponse: Codable, Sendable, Equatable {
    package var platform: VersionPlatform
    @Lenient package var components: [VersionComponent] = []
    @Lenient package var version: String = ""
    @Lenient package var apiVersion: String = ""
    @Lenient package var minAPIVersion: String = ""
    @Lenient package var gitCommit: String = ""
    @Lenient package var goVersion: String = ""
    @Lenient package var os: String = ""
    @Lenient package var arch: String = ""
    @Lenient package var kernelVersion: String = ""
    @Lenient package var experimental: Bool = false
    @Lenient package var buildTime: String = ""

    package enum CodingKeys: String, CodingKey {
        case platform = "Platform"
        case components = "Components"
        case version = "Version"
        case apiVersion = "ApiVersion"
        case minAPIVersion = "MinAPIVersion"
        case gitCommit = "GitCommit"
        case goVersion = "GoVersion"
        case os = "Os"
        case arch = "Arch"
        case kernelVersion = "KernelVersion"
        case experimental = "Experimental"
        case buildTime = "BuildTime"
    }

    package init(platform: VersionPlatform) {
        self.platform = platform
    }
}

/// Whom an event is about.
package struct EventActor: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    @Lenient package var attributes: [String: String] = [:]

    package enum CodingKeys: String, CodingKey {
        case id = "ID"
        case attributes = "Attributes"
    }

    package init() {}
}

/// One event of `GET /events`.
package struct EventMessage: Codable, Sendable, Equatable {
    package var status: String?
    package var id: String?
    package var from: String?
    @Lenient package var type: String = ""
    @Lenient package var action: String = ""
    package var actor: EventActor
    @Lenient package var scope: String = ""
    @Lenient package var time: Int64 = 0
    @Lenient package var timeNano: Int64 = 0

    package enum CodingKeys: String, CodingKey {
        case status
        case id
        case from
        case type = "Type"
        case action = "Action"
        case actor = "Actor"
        case scope
        case time
        case timeNano
    }

    package init(actor: EventActor) {
        self.actor = actor
    }
}
