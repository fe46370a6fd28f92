import DockerAPI
import Engine
import HTTPServer
import OCI

/// What is asked about images, and what changes their names.
struct ImageRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .get("/images/json", list),
            .get("/images/{name}/json") { [engine] request in
                try await engine.check(image: request.name, isFor: request.query.string("platform"))
                return try .json(try await engine.inspectImage(request.name))
            },
            .get("/images/{name}/history") { [engine] request in
                try await engine.check(image: request.name, isFor: request.query.string("platform"))
                return try .json(try await engine.imageHistory(request.name))
            },
            .post("/images/{name}/tag", tag),
            .post("/commit", commit),
            .post("/images/prune", prune),
            .delete("/images/{name}", remove),
        ]
    }

    private func list(_ request: Request) async throws -> Response {
        var filters = try request.filters(["before", "dangling", "label", "reference", "since", "until"])
        // Before 1.25 the reference was a parameter of its own.
        if let reference = request.query.string("filter"), !reference.isEmpty {
            filters["reference", default: []].append(reference)
        }
        var images = try await engine.images(all: request.query.flag("all"), filters: filters)
        if request.query.flag("shared-size") { images = try await engine.withSharedSizes(images) }
        if request.apiVersion < APIVersion(1, 44) {
            for index in images.indices { images[index].virtualSize = images[index].size }
        }
        if request.apiVersion < APIVersion(1, 43) {
            for index in images.indices where images[index].repoTags.isEmpty && images[index].repoDigests.isEmpty {
                images[index].repoTags = ["<none>:<none>"]
                images[index].repoDigests = ["<none>@<none>"]
            }
        }
        return try .json(images)
    }

    private func tag(_ request: Request) async throws -> Response {
        let tag = request.query.string("tag") ?? ""
        try await engine.tagImage(request.name, repo: request.query.string("repo") ?? "", tag: tag)
        return .status(201)
    }

    private func commit(_ request: Request) async throws -> Response {
        let query = request.query
        var asked = CommitRequest()
        asked.repo = query.string("repo") ?? ""
        asked.tag = query.string("tag").flatMap { $0.isEmpty ? nil : $0 }
        asked.comment = query.string("comment") ?? ""
        asked.author = query.string("author") ?? ""
        asked.pause = query.string("pause") == nil || query.flag("pause")
        asked.changes = query.strings("changes").flatMap { $0.split(separator: "\n").map(String.init) }
        asked.config = try await request.json(ContainerConfig?.self, orEmpty: nil)
        var answer = IDResponse()
        answer.id = try await engine.commit(query.string("container") ?? "", asked).description
        return try .json(answer, status: 201)
    }

    private func remove(_ request: Request) async throws -> Response {
        for platform in request.query.strings("platforms") {
            try await engine.check(image: request.name, isFor: platform)
        }
        let items = try await engine.removeImage(
            request.name,
            force: request.query.flag("force"),
            prune: !request.query.flag("noprune")
        )
        return try .json(items)
    }

    private func prune(_ request: Request) async throws -> Response {
        let filters = try request.filters(["dangling", "label", "label!", "until"])
        var pruned = ImagesPruned()
        (pruned.imagesDeleted, pruned.spaceReclaimed) = try await engine.pruneImages(
            onlyDangling: try filters.boolean("dangling") ?? true,
            filters: filters
        )
        return try .json(pruned)
    }
}

/// The answer to `POST /images/prune`.
private struct ImagesPruned: Encodable {
    var imagesDeleted: [ImageDeleteItem] = []
    var spaceReclaimed: Int64 = 0

    enum CodingKeys: String, CodingKey {
        case imagesDeleted = "ImagesDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}
