import DockerAPI
import Engine
import HTTPServer
import OCI

/// What is asked of the daemon as a whole.
struct SystemRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .get("/_ping", ping),
            .head("/_ping", ping),
            .get("/version") { [engine] _ in try .json(engine.version()) },
            .get("/info") { [engine] _ in try .json(try await engine.info()) },
            .get("/events", events),
            .get("/system/df", diskUsage),
        ]
    }

    private func ping(_ request: Request) -> Response {
        let text = request.method == "HEAD" ? [] : Array("OK".utf8)
        return .bytes(
            status: 200,
            contentType: "text/plain; charset=utf-8",
            text,
            headers: [
                // 1: there is no BuildKit.
                "Builder-Version": "1",
                "Swarm": "inactive",
                "Cache-Control": "no-cache, no-store, must-revalidate",
                "Pragma": "no-cache",
            ]
        )
    }

    private func events(_ request: Request) async throws -> Response {
        let filter = EventFilter(try request.filters(EventFilter.keys))
        let now = Timestamp.now
        let since = try request.time("since")?.sinceEpoch
        let until = try request.time("until")?.sinceEpoch
        let isPast = until.map { $0 <= now.sinceEpoch } ?? false
        let stream = engine.events.stream(since: since ?? (isPast ? 0 : nil), past: isPast)
        return .stream(contentType: "application/json", endless: true) { writer in
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let until, !isPast {
                    group.addTask { try await Task.sleep(for: .nanoseconds(until - now.sinceEpoch)) }
                }
                group.addTask {
                    for await event in stream where filter.matches(event) && event.timeNano <= until ?? .max {
                        try await writer.write(line: event)
                    }
                }
                // Whichever comes first: the time, or the end of what there is.
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func diskUsage(_ request: Request) async throws -> Response {
        let types = Set(request.query.strings("type"))
        if let unknown = types.sorted().first(where: { !["container", "image", "volume", "build-cache"].contains($0) })
        {
            throw EngineError(.invalid, "unknown object type: \(unknown)")
        }
        func wants(_ type: String) -> Bool { types.isEmpty || types.contains(type) }
        var usage = DiskUsage()
        let containers = try await engine.list(all: true, limit: 0, size: true, filters: [:])
        if wants("container") { usage.containers = containers }
        if wants("image") {
            (usage.images, usage.layersSize) = try await engine.imageUsage()
            for index in usage.images.indices {
                usage.images[index].containers = containers.count { $0.imageID == usage.images[index].id }
            }
        }
        if wants("volume") { usage.volumes = try await engine.volumeUsage() }
        return try .json(usage)
    }
}

/// The answer to `GET /system/df`.
private struct DiskUsage: Encodable {
    /// Of all layers, each counted once.
    var layersSize: Int64 = 0
    var images: [ImageSummary] = []
    var containers: [ContainerSummary] = []
    var volumes: [Volume] = []
    var buildCache: [String] = []
    var builderSize = 0

    enum CodingKeys: String, CodingKey {
        case layersSize = "LayersSize"
        case images = "Images"
        case containers = "Containers"
        case volumes = "Volumes"
        case buildCache = "BuildCache"
        case builderSize = "BuilderSize"
    }
}
