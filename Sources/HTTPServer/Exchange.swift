import Logging
import NIOCore
import NIOHTTP1

/// One request and its response.
struct Exchange {
    let connection: Connection
    let service: Service
    let head: HTTPRequestHead
    let id: String
    let target: RequestTarget

    init(connection: Connection, service: Service, head: HTTPRequestHead) {
        self.connection = connection
        self.service = service
        self.head = head
        id = RequestID.choose(head.headers.first(name: RequestID.header))
        target = RequestTarget(head.uri)
    }

    /// Answers; says whether the connection can take another request.
    func run() async -> Bool {
        await RequestID.$current.withValue(id) {
            let began = ContinuousClock.now
            let match = service.router.match(method: head.method.rawValue, path: target.path)
            var ending = Ending(route: match?.0.pattern ?? RequestMetrics.noRoute)
            service.metrics?.began(head.method.rawValue, ending.route)
            let stays = await answer(match, &ending)
            note(ending, after: began.duration(to: .now))
            return stays
        }
    }

    private func answer(_ match: (Route, [String: String])?, _ ending: inout Ending) async -> Bool {
        let body = RequestBody(connection.inbound)
        if head.headers.contains(name: "Expect") {
            connection.outbound.send([ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")])
        }
        let response: Response
        do {
            response = try await respond(match, body)
        } catch {
            let failure = failed(error)
            (response, ending.error) = (failure.response, failure.message)
        }
        ending.status = status(of: response)
        // Before the answer: who has read it finds itself counted.
        service.metrics?.answered(head.method.rawValue, ending.route, status: ending.status)
        do {
            return try await send(response, body)
        } catch {
            // A body that broke off must not look whole: no last chunk, and no further exchange.
            ending.brokeOff = "\(error)"
            return false
        }
    }

    private func respond(_ match: (Route, [String: String])?, _ body: RequestBody) async throws -> Response {
        if let refusal = refuseBrowser() ?? refuse(target.version) { return refusal }
        guard let (route, names) = match else { return .json(errorBody("page not found"), status: 404) }
        let request = Request(
            method: head.method.rawValue,
            path: percentDecoded(target.path, plusIsSpace: false),
            apiVersion: target.version ?? .newest,
            parameters: names,
            query: Query(target.query),
            headers: Headers(head.headers.map { ($0.name, $0.value) }),
            body: body
        )
        return try await route.handler(request)
    }

    /// Only browsers name an origin: a web page must not drive a daemon on its reader's machine.
    private func refuseBrowser() -> Response? {
        guard head.headers.contains(name: "Origin") else { return nil }
        return .json(errorBody("requests with an Origin header, as web pages send them, are refused"), status: 403)
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

    private func failed(_ error: any Error) -> (response: Response, message: String) {
        if case HTTPError.bodyTooLarge = error { return (.json(errorBody("\(error)"), status: 413), "\(error)") }
        let (status, message) = service.failure(error)
        return (.json(errorBody(message), status: status), message)
    }
}
