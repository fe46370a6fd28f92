import DockerAPI
import Engine
import HTTPServer
import OCI
import Registry

/// Images from and to registries.
struct RegistryRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            .post("/images/{name}/push", push),
            .post("/auth", login),
            .get("/distribution/{name}/json", distribution),
            .get("/images/search", search),
        ]
    }

    /// `POST /images/create?fromImage=…`.
    static func pull(_ image: String, _ request: Request, _ engine: Engine) async throws -> Response {
        let tag = request.query.string("tag").flatMap { $0.isEmpty ? nil : $0 }
        let reference = try parse(tag.map { image + ($0.contains(":") ? "@" : ":") + $0 } ?? image)
        let credentials = credentials(request)
        let platform = request.query.string("platform")
        return try await ProgressStream.answer { report in
            try await engine.pull(reference, platform: platform, credentials: credentials) { progress in
                report(JSONMessage(progress))
            }
        }
    }

    private func push(_ request: Request) async throws -> Response {
        let tag = request.query.string("tag").flatMap { $0.isEmpty ? nil : $0 }
        let reference = try Self.parse(tag.map { "\(request.name):\($0)" } ?? request.name)
        let credentials = Self.credentials(request)
        let engine = engine
        let platform = request.query.string("platform")
        return try await ProgressStream.answer { report in
            if platform != nil { try await engine.check(image: reference.familiar, isFor: platform) }
            let pushed = try await engine.push(reference, credentials: credentials) { report(JSONMessage($0)) }
            for image in pushed { report(JSONMessage(image)) }
        }
    }

    private func login(_ request: Request) async throws -> Response {
        let body = try await request.body.collect()
        guard let credentials = Credentials(json: body) else {
            throw EngineError(.invalid, "invalid JSON: the body must hold username, password and serveraddress")
        }
        try await engine.login(credentials)
        var answer = LoginAnswer()
        answer.status = "Login Succeeded"
        return try .json(answer)
    }

    private func distribution(_ request: Request) async throws -> Response {
        try .json(try await engine.distribution(of: try Self.parse(request.name), Self.credentials(request)))
    }

    private func search(_ request: Request) async throws -> Response {
        let term = request.query.string("term") ?? ""
        let filters = try request.filters(["is-automated", "is-official", "stars"])
        let limit = try request.query.string("limit").map { text in
            guard let limit = Int(text) else { throw EngineError(.invalid, "invalid limit \"\(text)\"") }
            return limit
        }
        let credentials = Self.credentials(request)
        return try .json(try await engine.search(term, limit: limit ?? 0, filters: filters, credentials))
    }

    private static func parse(_ text: String) throws -> Reference {
        do throws(ReferenceError) { return try Reference(text) } catch {
            throw EngineError(.invalid, error.description)
        }
    }

    /// Nobody's where the header is missing, or is not what it should be: as Docker takes it.
    private static func credentials(_ request: Request) -> Credentials {
        request.headers["X-Registry-Auth"].flatMap { Credentials(header: $0) } ?? Credentials()
    }
}

extension JSONMessage {
    fileprivate init(_ progress: TransferProgress) {
        self.init()
        (id, status) = (progress.id, progress.status)
        guard progress.id != nil else { return }
        var detail = ProgressDetail()
        (detail.current, detail.total) = (progress.current, progress.total)
        progressDetail = detail
    }

    fileprivate init(_ pushed: PushedImage) {
        self.init()
        var result = PushResult()
        (result.tag, result.digest, result.size) = (pushed.tag, pushed.digest.description, pushed.size)
        aux = result
        progressDetail = ProgressDetail()
    }
}
