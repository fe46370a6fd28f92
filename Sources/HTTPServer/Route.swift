/// One method and path, and what answers it.
///
/// A `{name}` stands for one path segment or several (image names contain `/`); where several routes fit, the one with
/// more literal segments answers. A `get` route answers HEAD too, without its body, unless a `head` route fits.
package struct Route: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response

    package let method: String
    /// As it was written: what the route is called in figures and logs.
    package let pattern: String
    let segments: [Segment]
    private(set) var handler: Handler
    /// Why it answers with a refusal, whatever is asked; nil where it does what it is there for.
    package private(set) var refusal: String?

    enum Segment: Sendable, Equatable { case literal(String), name(String) }

    private init(_ method: String, _ pattern: String, _ handler: @escaping Handler) {
        self.method = method
        self.pattern = pattern
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
    /// The same for any method.
    package static func any(_ method: String, _ pattern: String, _ handler: @escaping Handler) -> Route {
        Route(method, pattern, handler)
    }
    package static func delete(_ pattern: String, _ handler: @escaping Handler) -> Route {
        Route("DELETE", pattern, handler)
    }

    /// The same, known to answer with a refusal only.
    package func refusing(_ why: String) -> Route {
        var route = self
        route.refusal = why
        return route
    }

    /// The same, which tells `note` of every request first.
    package func watched(_ note: @escaping @Sendable (Route) -> Void) -> Route {
        var route = self
        route.handler = { [handler, self] request in
            note(self)
            return try await handler(request)
        }
        return route
    }
}
