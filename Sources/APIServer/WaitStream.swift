import DockerAPI
import Engine
import HTTPServer

/// The answer to `wait`: headers at once, the result when there is one.
enum WaitStream {
    static func answer(_ engine: Engine, _ name: String, _ condition: WaitCondition) async throws -> Response {
        let container = try engine.container(name)
        let early = await EarlyTask(container) { try await engine.wait(container.id, condition) }
        return .stream(contentType: "application/json", endless: true) { writer in
            let early = try await early.value
            guard var outcome = early else { return }
            // Removed is what it should be; Docker has forgotten by then why its start failed.
            if condition == .removed { outcome.error = "" }
            try await writer.write(line: WaitResult(outcome))
        }
    }
}

extension WaitResult {
    fileprivate init(_ outcome: WaitOutcome) {
        self.init()
        statusCode = outcome.exitCode
        guard !outcome.error.isEmpty else { return }
        var error = WaitError()
        error.message = outcome.error
        self.error = error
    }
}
