/// Finds the route of a request.
///
/// Small and linear: some sixty routes, told apart by method and first segment.
struct Router: Sendable {
    private struct Key: Hashable {
        let method: String
        let first: String
    }
    private let routes: [Key: [Route]]

    init(_ routes: [Route]) {
        var table: [Key: [Route]] = [:]
        for route in routes {
            let first = if case .literal(let text) = route.segments.first { text } else { "" }
            table[Key(method: route.method, first: first), default: []].append(route)
        }
        // Stable, so that among equals the first one declared answers.
        self.routes = table.mapValues { list in
            list.enumerated().sorted { left, right in
                let (l, r) = (literals(left.element), literals(right.element))
                return l == r ? left.offset < right.offset : l > r
            }.map(\.element)
        }
    }

    /// The route and the values of its names.
    ///
    /// `path` is still percent-encoded: an escaped `/` separates nothing.
    func match(method: String, path: some StringProtocol) -> (Route, [String: String])? {
        let segments = path.split(separator: "/").map { percentDecoded($0, plusIsSpace: false) }
        if let found = match(method, segments) { return found }
        return method == "HEAD" ? match("GET", segments) : nil
    }

    private func match(_ method: String, _ segments: [String]) -> (Route, [String: String])? {
        for route in routes[Key(method: method, first: segments.first ?? "")] ?? [] {
            var names: [String: String] = [:]
            if fits(route.segments[...], segments[...], &names) { return (route, names) }
        }
        return nil
    }

    private func fits(
        _ pattern: ArraySlice<Route.Segment>,
        _ path: ArraySlice<String>,
        _ names: inout [String: String]
    ) -> Bool {
        guard let head = pattern.first else { return path.isEmpty }
        switch head {
        case .literal(let text):
            return path.first == text && fits(pattern.dropFirst(), path.dropFirst(), &names)
        case .name(let name):
            for length in stride(from: path.count - (pattern.count - 1), to: 0, by: -1)
            where fits(pattern.dropFirst(), path.dropFirst(length), &names) {
                names[name] = path.prefix(length).joined(separator: "/")
                return true
            }
            return false
        }
    }
}

private func literals(_ route: Route) -> Int {
    route.segments.count { if case .literal = $0 { true } else { false } }
}
