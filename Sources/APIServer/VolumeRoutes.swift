import DockerAPI
import Engine
import HTTPServer

/// Volumes.
struct VolumeRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .get("/volumes", list),
            .post("/volumes/create", create),
            .post("/volumes/prune", prune),
            .get("/volumes/{name}", inspect),
            .delete("/volumes/{name}", remove),
        ]
    }

    private func list(_ request: Request) async throws -> Response {
        let filters = try request.filters(["dangling", "driver", "label", "name"])
        var answer = VolumeList()
        answer.volumes = try await engine.volumes(filters: filters)
        return try .json(answer)
    }

    private func create(_ request: Request) async throws -> Response {
        let body = try await request.json(VolumeCreateRequest.self, orEmpty: VolumeCreateRequest())
        return try .json(try await engine.createVolume(body), status: 201)
    }

    private func inspect(_ request: Request) async throws -> Response {
        try .json(try await engine.volume(request.name))
    }

    private func remove(_ request: Request) async throws -> Response {
        try await engine.removeVolume(request.name, force: request.query.flag("force"))
        return .status(204)
    }

    private func prune(_ request: Request) async throws -> Response {
        var filters = try request.filters(["all", "label", "label!"])
        // Before 1.42 volumes with names went, too.
        let all = try filters.boolean("all") ?? (request.apiVersion < APIVersion(1, 42))
        filters["all"] = nil
        var answer = VolumesPruned()
        for (name, size) in try await engine.pruneVolumes(all: all, filters: filters) {
            answer.volumesDeleted.append(name)
            answer.spaceReclaimed += size
        }
        return try .json(answer)
    }
}

/// The answer to `GET /volumes`.
private struct VolumeList: Encodable {
    var volumes: [Volume] = []
    @Nullable var warnings: [String]?

    enum CodingKeys: String, CodingKey {
        case volumes = "Volumes"
        case warnings = "Warnings"
    }
}

/// The answer to `POST /volumes/prune`.
private struct VolumesPruned: Encodable {
    var volumesDeleted: [String] = []
    var spaceReclaimed: Int64 = 0

    enum CodingKeys: String, CodingKey {
        case volumesDeleted = "VolumesDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}
