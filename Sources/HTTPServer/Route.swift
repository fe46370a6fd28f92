/// One method and path, and what answers it.
///
/// A `{name}` stands for one path segment or several (image names contain `/`); where several routes fit, the one with
/// more literal segments answers. A `get` route answers HEAD too, without its body, unless a `head` route fits.
package struct Route: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response

    let method: String
    let segments: [Segment]
    let handler: Handler

    enum Segment: Sendable, Equatable { case literal(String), name(String) }

    private init(_ method: String, _ pattern: String, _ handler: @escaping Handler) {
        self.method = method
        self.handler = handler
        segments = pattern.split(separator: "/").map { part in
            part.first == "{" && part.last == "}" ? .name(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
    }

    package static func get(_ pattern: String, _ handler: @escaping Handler) -> Route { Route("GET", pattern, handler) }
    package static func head(_ pattern: String, _ handler: @escaping Handler) -> Route {
        Route("HEAD", pattern, handler)
    }
    package static func put(_ pattern: String, _ handler: @escaping Handler) -> Route { Route("PUT", pattern, handler) }
    package static func post(_ pattern: String, _ handler: @escaping Handler) -> Route {
        Route("POST", pattern, handler)
    }
    package static func delete(_ pattern: String, _ handler: @escaping Handler) -> Route {
        Route("DELETE", pattern, handler)
    }
}
