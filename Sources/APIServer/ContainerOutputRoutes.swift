import DockerAPI
import Engine
import HTTPServer
import OCI

/// What comes out of a container as a stream: its log, its tree.
struct ContainerOutputRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .get("/containers/{name}/logs", logs),
            .get("/containers/{name}/export", export),
        ]
    }

    private func logs(_ request: Request) async throws -> Response {
        let container = try engine.container(request.name)
        let query = try logQuery(request)
        if await container.host.logConfig?.type == "none" {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        let isTerminal = await container.record.config.tty
        // The names of attach's types, but here they do not hang on an upgrade.
        let isMultiplexed = !isTerminal && request.apiVersion >= APIVersion(1, 42)
        let engine = engine
        let type = isMultiplexed ? StreamType.multiplexed : StreamType.raw
        return .stream(contentType: type, endless: query.follow) { writer in
            try await engine.logs(container.id, query) { try await writer.write($0) }
        }
    }

    private func logQuery(_ request: Request) throws -> LogQuery {
        let parameters = request.query
        var query = LogQuery()
        query.stdout = parameters.flag("stdout")
        query.stderr = parameters.flag("stderr")
        query.follow = parameters.flag("follow")
        query.timestamps = parameters.flag("timestamps")
        query.details = parameters.flag("details")
        query.since = try request.time("since")
        query.until = try request.time("until")
        // Docker takes what is no number for "all".
        query.tail = parameters.string("tail").flatMap(Int.init).flatMap { $0 < 0 ? nil : $0 }
        guard query.stdout || query.stderr else {
            throw EngineError(.invalid, "Bad parameters: you must choose at least one stream")
        }
        return query
    }

    private func export(_ request: Request) async throws -> Response {
        let container = try engine.container(request.name)
        let engine = engine
        return .stream(contentType: "application/octet-stream") { writer in
            try await engine.export(container.id, to: BodySink(writer))
        }
    }
}
