import DockerAPI
import Engine
import HTTPServer

/// `exec`: making, starting, resizing and looking at them.
struct ExecRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .post("/containers/{name}/exec", create),
            .post("/exec/{name}/start", start),
            .post("/exec/{name}/resize", resize),
            .get("/exec/{name}/json") { request in try .json(try engine.inspectExec(request.name)) },
        ]
    }

    private func create(_ request: Request) async throws -> Response {
        var answer = IDResponse()
        answer.id = try await engine.createExec(request.name, try await request.json(ExecCreateRequest.self))
        return try .json(answer, status: 201)
    }

    private func start(_ request: Request) async throws -> Response {
        let id = request.name
        let found = try engine.inspectExec(id)
        let isTerminal = found.processConfig.tty
        let keys = try Detaching.keys(found.detachKeys, isTerminal: isTerminal)
        let body = try await request.json(ExecStartRequest.self, orEmpty: ExecStartRequest())
        let type = StreamType.name(isTerminal: isTerminal, request)
        let engine = engine
        let end: StreamEnd?
        do {
            end = try await engine.startExec(id, detach: body.detach, consoleSize: body.consoleSize).map(StreamEnd.init)
        } catch let error as EngineError where error.kind == .failed && !body.detach {
            // A process that can't be started is told of in its output, and in its exit code: so clients expect it.
            return .hijack(contentType: type) { connection in
                try await connection.write(Self.output(error.description + "\r\n", isTerminal: isTerminal))
            }
        }
        guard let end else { return .bytes(status: 200, contentType: nil, []) }
        return .hijack(contentType: type) { connection in
            guard let stream = end.take() else { return }
            if try await connection.pipe(to: stream, filter: keys) { return await engine.detached(fromExec: id) }
            // Clients ask for the exit code as soon as the connection ends.
            await engine.waitExec(id)
        }
    }

    private func resize(_ request: Request) async throws -> Response {
        let size = try request.terminalSize()
        try await engine.resizeExec(request.name, rows: size.rows, columns: size.columns)
        return .status(200)
    }

    /// `text` as a process's output: plain on a terminal, else a frame of the stream 1.
    private static func output(_ text: String, isTerminal: Bool) -> [UInt8] {
        let bytes = Array(text.utf8)
        if isTerminal { return bytes }
        let length = UInt32(clamping: bytes.count).bigEndian
        return [1, 0, 0, 0] + withUnsafeBytes(of: length, Array.init) + bytes
    }
}
