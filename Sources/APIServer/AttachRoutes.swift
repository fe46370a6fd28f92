import Archive
import DockerAPI
import Engine
import HTTPServer
import OCI
import Synchronization

/// `attach`: the connection becomes the container's streams.
struct AttachRoutes: Sendable {
    let engine: Engine

    var routes: [Route] { [.post("/containers/{name}/attach", attach)] }

    private func attach(_ request: Request) async throws -> Response {
        let container = try engine.container(request.name)
        let isTerminal = await container.record.config.tty
        let query = request.query
        let streams = AttachStreams(
            stdin: query.flag("stdin"),
            stdout: query.flag("stdout"),
            stderr: query.flag("stderr")
        )
        let type = StreamType.name(isTerminal: isTerminal, request)
        let keys = try Detaching.keys(query.string("detachKeys") ?? "", isTerminal: isTerminal)
        let phase = await container.phase
        if await container.record.state.paused {
            let reason = "container \(container.id) is paused, unpause the container before attach"
            throw EngineError(.conflict, reason)
        }
        if phase == .restarting {
            let reason = "container \(container.id) is restarting, wait until the container is running"
            throw EngineError(.conflict, reason)
        }
        if query.flag("logs") { return afterLogs(container, streams, goesOn: query.flag("stream"), keys, type) }
        guard query.flag("stream") else { return .hijack(contentType: type) { _ in } }
        guard phase != .removing, phase != .gone else {
            throw EngineError(.conflict, "container \(container.id) is marked for removal and cannot be attached to")
        }
        // The engine asks the container for its record first and takes the place second; between the two a client would
        // have to read the headers and have the container launched.
        let early = await EarlyTask(container) { [engine] in
            try await engine.attach(container.id, streams).map(StreamEnd.init)
        }
        return .hijack(contentType: type) { [engine] connection in
            guard let stream = try await early.value?.take() else { return }
            if try await connection.pipe(to: stream, filter: keys) { await engine.detached(from: container) }
        }
    }

    /// What was written so far, then what comes.
    private func afterLogs(
        _ container: Container,
        _ streams: AttachStreams,
        goesOn: Bool,
        _ keys: HijackedConnection.Filter?,
        _ type: String
    ) -> Response {
        let engine = engine
        return .hijack(contentType: type) { connection in
            var query = LogQuery()
            query.stdout = streams.stdout
            query.stderr = streams.stderr
            if streams.stdout || streams.stderr {
                try await engine.logs(container.id, query) { try await connection.write($0) }
            }
            guard goesOn, let stream = try await engine.attach(container.id, streams) else { return }
            if try await connection.pipe(to: stream, filter: keys) { await engine.detached(from: container) }
        }
    }
}

/// The keys with which a client leaves a process that has a terminal: most clients see to that themselves.
enum Detaching {
    static func keys(_ text: String, isTerminal: Bool) throws -> HijackedConnection.Filter? {
        guard isTerminal else { return nil }
        do throws(DetachKeys.Invalid) {
            let keys = Held(try DetachKeys(text))
            return { bytes in keys.keys.withLock { $0.filter(bytes) } }
        } catch { throw EngineError(.invalid, "Invalid detach keys (\(text)) provided: unknown key '\(error.key)'") }
    }

    private final class Held: Sendable {
        let keys: Mutex<DetachKeys>
        init(_ keys: DetachKeys) { self.keys = Mutex(keys) }
    }
}

/// How a stream of a process's output is called in a header.
enum StreamType {
    static let raw = "application/vnd.docker.raw-stream"
    static let multiplexed = "application/vnd.docker.multiplexed-stream"

    /// Before 1.42, and to clients that did not ask for an upgrade, all streams are called raw.
    static func name(isTerminal: Bool, _ request: Request) -> String {
        !isTerminal && request.wantsUpgrade && request.apiVersion >= APIVersion(1, 42) ? multiplexed : raw
    }
}
