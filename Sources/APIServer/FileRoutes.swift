import DockerAPI
import Engine
import FoundationEssentials
import HTTPServer

/// Files into and out of containers.
struct FileRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .head("/containers/{name}/archive", status),
            .get("/containers/{name}/archive", read),
            .put("/containers/{name}/archive", write),
        ]
    }

    private func status(_ request: Request) async throws -> Response {
        .status(200, headers: try header(try await engine.pathStatus(request.name, path(request))))
    }

    private func read(_ request: Request) async throws -> Response {
        let path = try path(request)
        let headers = try header(try await engine.pathStatus(request.name, path))
        let (engine, name) = (engine, try engine.container(request.name).id)
        return .stream(contentType: "application/x-tar", headers: headers) { writer in
            try await engine.readFiles(name, path, to: BodySink(writer))
        }
    }

    private func write(_ request: Request) async throws -> Response {
        try await engine.writeFiles(
            request.name,
            path(request),
            from: BodySource(request.body),
            takesUser: request.query.flag("copyUIDGID"),
            keepsKinds: request.query.flag("noOverwriteDirNonDir")
        )
        return .status(200)
    }

    private func path(_ request: Request) throws -> String {
        guard let path = request.query.string("path"), !path.isEmpty else {
            throw EngineError(.invalid, "bad parameter: path cannot be empty")
        }
        return path
    }

    private func header(_ status: PathStatus) throws -> Headers {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return ["X-Docker-Container-Path-Stat": try encoder.encode(status).base64EncodedString()]
    }
}
