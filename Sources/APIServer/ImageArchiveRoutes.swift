import DockerAPI
import Engine
import HTTPServer
import OCI
import Registry
import Storage

/// Images that come in and go out, as archives or from a registry.
struct ImageArchiveRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .post("/images/load", load),
            .post("/images/create", create),
            .get("/images/get", save),
            .get("/images/{name}/get", save),
        ]
    }

    private func load(_ request: Request) async throws -> Response {
        let isQuiet = request.query.flag("quiet")
        let engine = engine
        return try await ProgressStream.answer { report in
            let source = BodySource(request.body)
            let loaded = try await engine.loadImages(source) { progress in
                if !isQuiet { report(JSONMessage(progress)) }
            }
            for image in loaded {
                for renamed in image.renamed { report(JSONMessage(stream: renamed.description + "\n")) }
                for name in image.references { report(JSONMessage(stream: "Loaded image: \(name.familiar)\n")) }
                if image.references.isEmpty { report(JSONMessage(stream: "Loaded image ID: \(image.id)\n")) }
            }
        }
    }

    private func save(_ request: Request) async throws -> Response {
        let asked = request.parameters["name"].map { [$0] } ?? request.query.strings("names")
        let names = asked.flatMap { $0.split(separator: ",").map(String.init) }
        guard !names.isEmpty else { throw EngineError(.invalid, "no image was named to save") }
        let platform = request.query.string("platform")
        // Looked up before the stream begins: an image that is not there is an HTTP error.
        for name in names {
            try await check(name)
            try await engine.check(image: name, isFor: platform)
        }
        let engine = engine
        return .stream(contentType: "application/x-tar") { writer in
            try await engine.saveImages(names, to: BodySink(writer))
        }
    }

    /// A name without a tag stands for all its tags.
    private func check(_ name: String) async throws {
        do { _ = try await engine.inspectImage(name) } catch let error as EngineError where error.kind == .notFound {
            if try await engine.images(all: false, filters: ["reference": [name]]).isEmpty { throw error }
        }
    }

    /// `pull` and `import`.
    private func create(_ request: Request) async throws -> Response {
        let query = request.query
        if let image = query.string("fromImage"), !image.isEmpty {
            return try await RegistryRoutes.pull(image, request, engine)
        }
        guard let source = query.string("fromSrc"), !source.isEmpty else {
            throw EngineError(.invalid, "neither fromImage nor fromSrc says what to pull or import")
        }
        let repo = query.string("repo") ?? ""
        let tag = query.string("tag").flatMap { $0.isEmpty ? nil : $0 }
        let said = query.string("message").flatMap { $0.isEmpty ? nil : $0 }
        let message = said ?? "Imported from \(WebFile.shown(source))"
        let changes = query.strings("changes")
        let engine = engine
        let platform = query.string("platform")
        return try await ProgressStream.answer { report in
            if source != "-" { report(JSONMessage(status: "Downloading from \(WebFile.shown(source))")) }
            let id = try await engine.importImage(
                source == "-" ? .body(BodySource(request.body)) : .url(source),
                repo: repo,
                tag: tag,
                message: message,
                changes: changes,
                platform: platform
            ) { progress in report(JSONMessage(progress)) }
            report(JSONMessage(status: "\(id)"))
        }
    }
}
