package import OCI

/// The answer to `POST /auth`.
package struct LoginAnswer: Codable, Sendable, Equatable {
    @Lenient package var status: String = ""
    @Lenient package var identityToken: String = ""

    package enum CodingKeys: String, CodingKey {
        case status = "Status"
        case identityToken = "IdentityToken"
    }

    package init() {}
}

/// What a push has made, for programs.
package struct PushResult: Codable, Sendable, Equatable {
    @Lenient package var tag: String = ""
    @Lenient package var digest: String = ""
    @Lenient package var size: Int = 0

    package enum CodingKeys: String, CodingKey {
        case tag = "Tag"
        case digest = "Digest"
        case size = "Size"
    }

    package init() {}
}

/// The answer to `GET /distribution/{name}/json`.
package struct DistributionInspect: Codable, Sendable, Equatable {
    package var descriptor: Descriptor
    package var platforms: [Platform]

    package enum CodingKeys: String, CodingKey {
        case descriptor = "Descriptor"
        case platforms = "Platforms"
    }

    package init(descriptor: Descriptor, platforms: [Platform]) {
        self.descriptor = descriptor
        self.platforms = platforms
    }
}
