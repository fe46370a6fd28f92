import Engine
import HTTPServer

/// What varve does not do yet, said so that a person knows; and the lists that are honestly empty.
enum StubRoutes {
    static var routes: [Route] { lists + refusals + swarm }

    private static var lists: [Route] {
        [
            .get("/plugins") { _ in .json(Array("[]".utf8)) },
            .post("/build/prune") { _ in .json(Array(#"{"CachesDeleted":null,"SpaceReclaimed":0}"#.utf8)) },
            .get("/plugins/{name}/json") { request in
                throw EngineError(.notFound, "plugin \"\(request.name)\" not found")
            },
        ]
    }

    private static var refusals: [Route] {
        [
            refusal("POST", "/build", "building an image"),
            refusal("POST", "/build/cancel", "cancelling a build"),
            refusal("POST", "/session", "BuildKit sessions"),
            refusal("POST", "/grpc", "BuildKit"),
            refusal("GET", "/containers/{name}/attach/ws", "attaching by WebSocket"),
            checkpoints("GET", "/containers/{name}/checkpoints"),
            checkpoints("POST", "/containers/{name}/checkpoints"),
            checkpoints("DELETE", "/containers/{name}/checkpoints/{checkpoint}"),
            refusal("POST", "/plugins/{name}", "plugins"),
            refusal("DELETE", "/plugins/{name}", "plugins"),
        ]
    }

    private static var swarm: [Route] {
        let topics = ["swarm", "nodes", "services", "tasks", "secrets", "configs"]
        return topics.flatMap { topic -> [Route] in
            ["GET", "POST", "DELETE"].flatMap { method in
                ["/\(topic)", "/\(topic)/{name}"].map { pattern in
                    Route.any(method, pattern) { _ in throw NoSwarm() }.refusing("there is no swarm")
                }
            }
        }
    }

    private static func checkpoints(_ method: String, _ pattern: String) -> Route {
        Route.any(method, pattern) { _ in throw EngineError.noCheckpoints }.refusing("checkpoints: they need CRIU")
    }

    private static func refusal(_ method: String, _ pattern: String, _ what: String) -> Route {
        Route.any(method, pattern) { _ in throw EngineError(.unsupported, "\(what): not supported by varve yet") }
            .refusing("\(what): not there yet")
    }
}

extension EngineError {
    /// Of a container's processes, to go on with elsewhere or later.
    static let noCheckpoints = EngineError(.unsupported, "checkpoints need CRIU, which varve does not use")
}

/// There is no swarm, in the words that clients know.
struct NoSwarm: Error, CustomStringConvertible {
    let description =
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node "
        + "to swarm and try again."
}
