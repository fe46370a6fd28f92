import DockerAPI
import Engine
import HTTPServer

/// What containers use: once, or every second.
struct StatsRoutes: Sendable {
    let engine: Engine

    var routes: [Route] { [.get("/containers/{name}/stats", stats)] }

    private func stats(_ request: Request) async throws -> Response {
        let id = try engine.container(request.name).id
        let engine = engine
        if request.query.flag("stream"), request.query.flag("one-shot") {
            throw EngineError(.invalid, "cannot have stream=true and one-shot=true")
        }
        guard request.query.string("stream") == nil || request.query.flag("stream") else {
            let first = try await engine.stats(id, since: nil)
            if request.query.flag("one-shot") || first.read == StatsResponse().read { return try .json(first) }
            // Who asks once wants to know how busy it is, which takes two looks.
            try await Task.sleep(for: .seconds(1))
            return try .json(try await engine.stats(id, since: first))
        }
        return .stream(contentType: "application/json", endless: true) { writer in
            var last: StatsResponse?
            while !Task.isCancelled {
                // It ends with the container's removal.
                guard let now = try? await engine.stats(id, since: last) else { return }
                try await writer.write(line: now)
                last = now
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
