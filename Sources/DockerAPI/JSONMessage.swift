/// How far something is.
package struct ProgressDetail: Codable, Sendable, Equatable {
    package var current: Int64?
    package var total: Int64?

    package enum CodingKeys: String, CodingKey {
        case current
        case total
    }

    package init() {}
}

/// An error in a stream that has begun.
package struct ErrorDetail: Codable, Sendable, Equatable {
    package var code: Int?
    @Lenient package var message: String = ""

    package enum CodingKeys: String, CodingKey {
        case code
        case message
    }

    package init() {}
}

/// One object of a progress stream (`load`, `import`, `pull`).
package struct JSONMessage: Codable, Sendable, Equatable {
    /// Text to print as it is.
    package var stream: String?
    package var status: String?
    /// A line of its own on a terminal.
    package var id: String?
    package var progressDetail: ProgressDetail?
    package var progress: String?
    package var error: String?
    package var errorDetail: ErrorDetail?
    /// For programs.
    package var aux: PushResult?

    package enum CodingKeys: String, CodingKey {
        case stream
        case status
        case id
        case progressDetail
        case progress
        case error
        case errorDetail
        case aux
    }

    package init() {}
}
