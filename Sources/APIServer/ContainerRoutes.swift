import DockerAPI
import Engine
import HTTPServer

/// What is asked about containers.
struct ContainerRoutes: Sendable {
    let engine: Engine

    private static let filters: Set<String> = [
        "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network",
        "publish", "since", "status", "volume",
    ]

    var routes: [Route] {
        [
            .get("/containers/json", list),
            .get("/containers/{name}/json", inspect),
            .get("/containers/{name}/top", top),
            .get("/containers/{name}/changes", changes),
        ]
    }

    private func list(_ request: Request) async throws -> Response {
        var filters = try request.filters(Self.filters)
        // Older clients say these beside the filters; they ask for all containers, as a limit does.
        var all = request.query.flag("all")
        for key in ["before", "since"] {
            guard let name = request.query.string(key), !name.isEmpty else { continue }
            filters[key, default: []].append(name)
            all = true
        }
        let limit = max(0, try request.number("limit") ?? 0)
        return try .json(
            try await engine.list(
                all: all,
                limit: limit,
                size: request.query.flag("size"),
                filters: filters
            )
        )
    }

    private func inspect(_ request: Request) async throws -> Response {
        try .json(try await engine.inspect(request.name, size: request.query.flag("size")))
    }

    private func top(_ request: Request) async throws -> Response {
        let arguments = request.query.string("ps_args").flatMap { $0.isEmpty ? nil : $0 } ?? "-ef"
        return try .json(try await engine.top(request.name, arguments: arguments))
    }

    private func changes(_ request: Request) async throws -> Response {
        let changes = try await engine.changes(request.name)
        // Docker says null, not [].
        return try changes.isEmpty ? .json(Array("null\n".utf8)) : .json(changes)
    }
}
