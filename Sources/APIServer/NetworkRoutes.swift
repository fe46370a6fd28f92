import DockerAPI
import Engine
import HTTPServer

/// Networks.
struct NetworkRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .get("/networks", list),
            .post("/networks/create", create),
            .post("/networks/prune", prune),
            .get("/networks/{name}", inspect),
            .delete("/networks/{name}", remove),
            .post("/networks/{name}/connect", connect),
            .post("/networks/{name}/disconnect", disconnect),
        ]
    }

    private func list(_ request: Request) async throws -> Response {
        let filters = try request.filters(["dangling", "driver", "id", "label", "name", "scope", "type"])
        return try .json(try await engine.networks(filters: filters))
    }

    private func create(_ request: Request) async throws -> Response {
        let network = try await engine.createNetwork(try await request.json(NetworkCreateRequest.self))
        return try .json(NetworkCreated(id: network.id), status: 201)
    }

    private func inspect(_ request: Request) async throws -> Response {
        let scope = request.query.string("scope") ?? ""
        guard ["", "local"].contains(scope) else { throw EngineError(.notFound, "network \(request.name) not found") }
        return try .json(try await engine.network(request.name))
    }

    private func remove(_ request: Request) async throws -> Response {
        try await engine.removeNetwork(request.name)
        return .status(204)
    }

    private func connect(_ request: Request) async throws -> Response {
        let body = try await request.json(NetworkConnectRequest.self)
        try await engine.connect(body.container, to: request.name, as: body.endpoint ?? Endpoint())
        return .status(200)
    }

    private func disconnect(_ request: Request) async throws -> Response {
        let body = try await request.json(NetworkDisconnectRequest.self)
        try await engine.disconnect(body.container, from: request.name, force: body.force)
        return .status(200)
    }

    private func prune(_ request: Request) async throws -> Response {
        let filters = try request.filters(["label", "label!", "until"])
        return try .json(NetworksPruned(names: try await engine.pruneNetworks(filters: filters)))
    }
}

/// The answer to `POST /networks/create`.
private struct NetworkCreated: Encodable {
    let id: String
    let warning = ""

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case warning = "Warning"
    }
}

/// The answer to `POST /networks/prune`.
private struct NetworksPruned: Encodable {
    let names: [String]

    enum CodingKeys: String, CodingKey {
        case names = "NetworksDeleted"
    }
}
