import Logging
import NIOCore
import NIOHTTP1

/// One request and its response.
struct Exchange {
    let connection: Connection
    let service: Service
    let head: HTTPRequestHead

    /// Answers; says whether the connection can take another request.
    func run() async -> Bool {
        let body = RequestBody(connection.inbound)
        if head.headers.contains(name: "Expect") {
            connection.outbound.send([ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")])
        }
        let response: Response
        do {
            response = try await answer(body)
        } catch {
            response = failed(error)
        }
        do {
            return try await send(response, body)
        } catch {
            // A body that broke off must not look whole: no last chunk, and no further exchange.
            service.log.debug("response broke off", metadata: ["path": "\(head.uri)", "error": "\(error)"])
            return false
        }
    }

    private func answer(_ body: RequestBody) async throws -> Response {
        let mark = head.uri.firstIndex(of: "?") ?? head.uri.endIndex
        let (version, path) = split(head.uri[..<mark])
        if let refusal = refuse(version) { return refusal }
        guard let (route, names) = service.router.match(method: head.method.rawValue, path: path) else {
            return .json(errorBody("page not found"), status: 404)
        }
        let request = Request(
            method: head.method.rawValue,
            path: percentDecoded(path, plusIsSpace: false),
            apiVersion: version ?? .newest,
            parameters: names,
            query: Query(mark == head.uri.endIndex ? "" : head.uri[head.uri.index(after: mark)...]),
            headers: Headers(head.headers.map { ($0.name, $0.value) }),
            body: body
        )
        return try await route.handler(request)
    }

    /// Takes `/v1.44` off the front.
    private func split(_ path: Substring) -> (APIVersion?, Substring) {
        guard path.hasPrefix("/v") else { return (nil, path) }
        let end = path.dropFirst().firstIndex(of: "/") ?? path.endIndex
        guard let version = APIVersion(path[path.index(path.startIndex, offsetBy: 2)..<end]) else { return (nil, path) }
        return (version, path[end...])
    }

    private func refuse(_ version: APIVersion?) -> Response? {
        guard let version else { return nil }
        if version > .newest {
            let text = "client version \(version) is too new. Maximum supported API version is \(APIVersion.newest)"
            return .json(errorBody(text), status: 400)
        }
        guard version < .oldest else { return nil }
        // Clients as old as that print the body as it is.
        return .text(
            "client version \(version) is too old. Minimum supported API version is \(APIVersion.oldest), "
                + "please upgrade your client to a newer version\n",
            status: 400
        )
    }

    private func failed(_ error: any Error) -> Response {
        if case HTTPError.bodyTooLarge = error { return .json(errorBody("\(error)"), status: 413) }
        let (status, message) = service.failure(error)
        return .json(errorBody(message), status: status)
    }
}
