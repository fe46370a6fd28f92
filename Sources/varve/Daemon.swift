import HTTPClient

/// The end of a command: what to say on standard error, and the exit status.
struct Failure: Error {
    let message: String
    /// The exit status; nil: the verb's usual one, 125 for `run` and 1 for others.
    var status: Int32?
    /// The daemon's status, where it was the daemon that refused.
    var http: Int?
}

/// The daemon this command talks to.
struct Daemon {
    let client: Client

    init() throws { client = try .ofEnvironment() }

    /// An answer whose body is still to be read; a status of 400 and above throws what the daemon says.
    func open(_ request: ClientRequest) throws -> ClientResponse {
        let response = try client.send(request)
        guard response.status >= 400 else { return response }
        let body = try response.readAll()
        let said = (try? JSON(body))?["message"].string ?? String(decoding: body, as: UTF8.self)
        throw Failure(message: "Error response from daemon: \(said)", http: response.status)
    }

    /// The whole answer; null for an empty one.
    @discardableResult
    func ask(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: JSON? = nil
    ) throws -> JSON {
        let payload: ClientRequest.Body = if let body { .json(Array(body.text().utf8)) } else { .none }
        let answer = try open(ClientRequest(method, path, query: query, body: payload)).readAll()
        return answer.isEmpty ? .null : try JSON(answer)
    }
}

/// The path of something of a container's or an image's.
func containerPath(_ name: String, _ rest: String = "") -> String {
    "/containers/\(ClientRequest.escaped(name))\(rest)"
}
func imagePath(_ name: String, _ rest: String = "") -> String { "/images/\(ClientRequest.escaped(name))\(rest)" }
