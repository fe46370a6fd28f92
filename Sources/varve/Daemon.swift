import Glibc
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
    static let defaultPath = "/run/varve/varve.sock"

    /// Finds the socket: `-H` (kept in `VARVE_HOST`), `VARVE_HOST`, `DOCKER_HOST`, else the usual place. Connects later.
    init() throws {
        let host = Self.environment("VARVE_HOST") ?? Self.environment("DOCKER_HOST") ?? "unix://\(Self.defaultPath)"
        if ["tcp://", "http://", "https://", "ssh://", "npipe://"].contains(where: host.hasPrefix) {
            throw Failure(
                message: "cannot use host \(host): varve speaks to a UNIX socket only; bring a distant one here with "
                    + "ssh -L /tmp/varve.sock:/run/varve/varve.sock HOST, and give -H unix:///tmp/varve.sock"
            )
        }
        guard host.hasPrefix("unix://") || host.hasPrefix("/") else {
            throw Failure(message: "cannot use host \(host): varve speaks to a UNIX socket, unix:///path/to/socket")
        }
        client = Client(path: host.hasPrefix("/") ? host : String(host.dropFirst("unix://".count)))
    }

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

    /// The value of a variable that is set and not empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}

/// The path of something of a container's or an image's.
func containerPath(_ name: String, _ rest: String = "") -> String {
    "/containers/\(ClientRequest.escaped(name))\(rest)"
}
func imagePath(_ name: String, _ rest: String = "") -> String { "/images/\(ClientRequest.escaped(name))\(rest)" }
