import FoundationEssentials
package import Linux

/// An image that a search found.
package struct FoundImage: Codable, Sendable, Equatable {
    package let stars: Int
    package let isOfficial: Bool
    package let name: String
    package let isAutomated: Bool
    package let description: String

    package enum CodingKeys: String, CodingKey {
        case stars = "star_count"
        case isOfficial = "is_official"
        case name
        case isAutomated = "is_automated"
        case description
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        stars = try values.decodeIfPresent(Int.self, forKey: .stars) ?? 0
        isOfficial = try values.decodeIfPresent(Bool.self, forKey: .isOfficial) ?? false
        isAutomated = try values.decodeIfPresent(Bool.self, forKey: .isAutomated) ?? false
        description = try values.decodeIfPresent(String.self, forKey: .description) ?? ""
    }
}

/// Searching: the part of Docker's first registry interface that Docker Hub, and some others, still have. The protocol of
/// today (`distribution-spec`) has nothing like it.
package enum Search {
    private static let hub = "https://index.docker.io"

    private struct Answer: Decodable { var results: [FoundImage]? }

    /// Asks Docker Hub, or the registry that `term` begins with: `registry.example.com:5000/app`.
    package static func run(
        _ term: String,
        limit: Int,
        _ credentials: Credentials,
        _ settings: RegistrySettings,
        _ session: HTTPSession,
        _ cancellation: Cancellation
    ) throws -> [FoundImage] {
        let (domain, words) = Self.parts(of: term)
        let endpoints = domain.map { settings.endpoints(of: $0).filter { !$0.isMirror } } ?? [Endpoint(base: hub)]
        var first: (any Error)?
        for endpoint in endpoints {
            let url = "\(endpoint.base)/v1/search?q=\(words.escapedForURL)&n=\(limit)"
            do {
                let server = try RegistryServer(endpoint, settings, session, credentials)
                let answer = try server.send(HTTPRequest("GET", url), scopes: [], cancellation)
                return try results(answer, url, of: domain ?? "docker.io")
            } catch let error as RegistryError {
                guard case .network = error else { throw error }
                first = first ?? error
            }
        }
        throw first ?? RegistryError.notFound(name: term, reason: "no registry to search")
    }

    private static func results(_ answer: HTTPAnswer, _ url: String, of domain: String) throws -> [FoundImage] {
        switch answer.status {
        case 200:
            guard let found = try? JSONDecoder().decode(Answer.self, from: Data(answer.body)) else {
                throw RegistryError.malformed(url: url, reason: "its answer is no list of images")
            }
            return found.results ?? []
        case 401, 403: throw RegistryError.denied(action: "search", name: domain, reason: RegistryFault.text(answer))
        case 404:
            let reason = "\(domain) cannot be searched: it has no /v1/search, as most registries but Docker Hub"
            throw RegistryError.unsupported(name: domain, reason: reason)
        default:
            throw RegistryError.server(url: url, status: answer.status, reason: RegistryFault.text(answer))
        }
    }

    /// The registry, nil for Docker Hub, and what to look for there.
    private static func parts(of term: String) -> (domain: String?, words: String) {
        guard let slash = term.firstIndex(of: "/") else { return (nil, term) }
        let (first, rest) = (String(term[..<slash]), String(term[term.index(after: slash)...]))
        if ["docker.io", "index.docker.io", "library"].contains(first) { return (nil, rest) }
        guard first.contains(".") || first.contains(":") || first == "localhost" else { return (nil, term) }
        return (first, rest)
    }
}
