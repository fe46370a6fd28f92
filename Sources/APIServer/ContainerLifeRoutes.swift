import DockerAPI
import Engine
import HTTPServer

/// What makes containers, and moves them through their lives.
struct ContainerLifeRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .post("/containers/create", create),
            .post("/containers/{name}/start", start),
            .post("/containers/{name}/stop", stop),
            .post("/containers/{name}/restart", restart),
            .post("/containers/{name}/kill", kill),
            .post("/containers/{name}/pause", pause),
            .post("/containers/{name}/unpause", unpause),
            .post("/containers/{name}/rename", rename),
            .post("/containers/{name}/update", update),
            .post("/containers/{name}/wait", wait),
            .post("/containers/{name}/resize", resize),
            .post("/containers/prune", prune),
            .delete("/containers/{name}", remove),
        ]
    }

    private func create(_ request: Request) async throws -> Response {
        let body = try await request.json(ContainerCreateRequest.self)
        if request.apiVersion < APIVersion(1, 44), body.networking.endpoints.count > 1 {
            let names = body.networking.endpoints.keys.sorted().joined(separator: ", ")
            let reason = "Container cannot be created with multiple network endpoints: \(names)"
            throw EngineError(.invalid, reason)
        }
        let (name, platform) = (request.query.string("name"), request.query.string("platform"))
        // Clients of those days know read-only mounts that are so at their top only.
        let isShallow = request.apiVersion < APIVersion(1, 44)
        let made = try await engine.create(body, name: name, platform: platform, isReadOnlyShallow: isShallow)
        return try .json(made, status: 201)
    }

    private func start(_ request: Request) async throws -> Response {
        // Docker once took a host configuration here; whoever still sends one would wonder where it went. `{}` passes.
        let body = try await request.body.collect()
        guard body.count <= 7 else {
            throw EngineError(
                .invalid,
                "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24"
            )
        }
        guard (request.query.string("checkpoint") ?? "").isEmpty else { throw EngineError.noCheckpoints }
        try await engine.start(request.name)
        return .status(204)
    }

    private func stop(_ request: Request) async throws -> Response {
        try await engine.stop(request.name, signal: request.signal, timeout: try request.number("t"))
        return .status(204)
    }

    private func restart(_ request: Request) async throws -> Response {
        try await engine.restart(request.name, signal: request.signal, timeout: try request.number("t"))
        return .status(204)
    }

    private func kill(_ request: Request) async throws -> Response {
        try await engine.kill(request.name, signal: request.signal)
        return .status(204)
    }

    private func update(_ request: Request) async throws -> Response {
        let warnings = try await engine.update(request.name, try await request.json(HostConfig.self))
        return try .json(["Warnings": warnings])
    }

    private func pause(_ request: Request) async throws -> Response {
        try await engine.pause(request.name)
        return .status(204)
    }

    private func unpause(_ request: Request) async throws -> Response {
        try await engine.unpause(request.name)
        return .status(204)
    }

    private func rename(_ request: Request) async throws -> Response {
        guard let name = request.query.string("name"), !name.isEmpty, name != "/" else {
            throw EngineError(.invalid, "Neither old nor new names may be empty")
        }
        try await engine.rename(request.name, to: name)
        return .status(204)
    }

    private func wait(_ request: Request) async throws -> Response {
        let asked = request.query.string("condition") ?? ""
        guard let condition = asked.isEmpty ? .notRunning : WaitCondition(rawValue: asked) else {
            throw EngineError(.invalid, "invalid condition: \"\(asked)\"")
        }
        let engine = engine
        // The headers go out before the result: `docker run` starts the container only when it has them.
        return try await WaitStream.answer(engine, request.name, condition)
    }

    private func resize(_ request: Request) async throws -> Response {
        let size = try request.terminalSize()
        try await engine.resize(request.name, rows: size.rows, columns: size.columns)
        return .status(200)
    }

    private func remove(_ request: Request) async throws -> Response {
        if request.query.flag("link") {
            throw EngineError(.unsupported, "removing a link between containers: not supported by varve yet")
        }
        try await engine.remove(request.name, force: request.query.flag("force"), volumes: request.query.flag("v"))
        return .status(204)
    }

    private func prune(_ request: Request) async throws -> Response {
        let filters = try request.filters(["label", "label!", "until"])
        var pruned = ContainersPruned()
        (pruned.containersDeleted, pruned.spaceReclaimed) = try await engine.pruneContainers(filters: filters)
        return try .json(pruned)
    }
}

/// The answer to `POST /containers/prune`.
private struct ContainersPruned: Encodable {
    var containersDeleted: [String] = []
    var spaceReclaimed: Int64 = 0

    enum CodingKeys: String, CodingKey {
        case containersDeleted = "ContainersDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}

extension Request {
    /// The `signal` parameter; nil where it is missing or empty.
    fileprivate var signal: String? {
        query.string("signal").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A parameter that is a number; nil where it is missing or empty.
    ///
    /// Throws where it is none.
    func number(_ name: String) throws -> Int? {
        guard let text = query.string(name), !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw EngineError(.invalid, "invalid value \"\(text)\" for \(name): it must be a whole number")
        }
        return number
    }

    /// The parameters `h` and `w`.
    func terminalSize() throws -> (rows: UInt16, columns: UInt16) {
        guard let height = try number("h"), let width = try number("w"),
            let rows = UInt16(exactly: height), let columns = UInt16(exactly: width)
        else { throw EngineError(.invalid, "a terminal's size needs h and w, each from 0 to 65535") }
        return (rows, columns)
    }
}
