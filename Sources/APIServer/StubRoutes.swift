import DockerAPI
import Engine
import HTTPServer

/// What varve does not do yet, said so that a person knows; and the lists that are honestly empty.
enum StubRoutes {
    static var routes: [Route] { lists + networks + refusals + swarm }

    private static var lists: [Route] {
        [
            .get("/volumes") { _ in .json(Array(#"{"Volumes":[],"Warnings":null}"#.utf8)) },
            .get("/plugins") { _ in .json(Array("[]".utf8)) },
            .post("/volumes/prune") { _ in .json(Array(#"{"VolumesDeleted":null,"SpaceReclaimed":0}"#.utf8)) },
            .post("/networks/prune") { _ in .json(Array(#"{"NetworksDeleted":null}"#.utf8)) },
            .post("/build/prune") { _ in .json(Array(#"{"CachesDeleted":null,"SpaceReclaimed":0}"#.utf8)) },
            .get("/volumes/{name}") { request in throw noVolume(request) },
            .delete("/volumes/{name}") { request in
                if request.query.flag("force") { return .status(204) }
                throw noVolume(request)
            },
            .get("/plugins/{name}/json") { request in
                throw EngineError(.notFound, "plugin \"\(request.name)\" not found")
            },
        ]
    }

    private static var networks: [Route] {
        [
            .get("/networks", listNetworks),
            .get("/networks/{name}") { request in try .json(try network(request)) },
            .delete("/networks/{name}") { request in
                let network = try network(request)
                throw EngineError(.forbidden, "\(network.name) is a pre-defined network and cannot be removed")
            },
        ]
    }

    private static var refusals: [Route] {
        [
            refusal("POST", "/volumes/create", "creating a volume"),
            refusal("POST", "/networks/create", "creating a network"),
            refusal("POST", "/networks/{name}/connect", "connecting a container to a network"),
            refusal("POST", "/networks/{name}/disconnect", "disconnecting a container from a network"),
            refusal("POST", "/build", "building an image"),
            refusal("POST", "/build/cancel", "cancelling a build"),
            refusal("POST", "/session", "BuildKit sessions"),
            refusal("POST", "/grpc", "BuildKit"),
            refusal("POST", "/containers/{name}/pause", "pausing a container"),
            refusal("POST", "/containers/{name}/unpause", "unpausing a container"),
            refusal("POST", "/containers/{name}/update", "updating a container"),
            refusal("GET", "/containers/{name}/archive", "copying from a container"),
            refusal("HEAD", "/containers/{name}/archive", "copying from or to a container"),
            refusal("PUT", "/containers/{name}/archive", "copying to a container"),
            refusal("GET", "/containers/{name}/attach/ws", "attaching by WebSocket"),
            refusal("GET", "/containers/{name}/checkpoints", "checkpoints"),
            refusal("POST", "/containers/{name}/checkpoints", "checkpoints"),
            refusal("GET", "/distribution/{name}/json", "asking a registry about an image"),
            refusal("POST", "/plugins/{name}", "plugins"),
            refusal("DELETE", "/plugins/{name}", "plugins"),
        ]
    }

    private static var swarm: [Route] {
        let topics = ["swarm", "nodes", "services", "tasks", "secrets", "configs"]
        return topics.flatMap { topic -> [Route] in
            let answer: Route.Handler = { _ in throw NoSwarm() }
            return [.get("/\(topic)", answer), .get("/\(topic)/{name}", answer), .post("/\(topic)/{name}", answer)]
        }
    }

    private static func refusal(_ method: String, _ pattern: String, _ what: String) -> Route {
        let answer: Route.Handler = { _ in throw EngineError(.unsupported, "\(what): not supported by varve yet") }
        return switch method {
        case "GET": .get(pattern, answer)
        case "HEAD": .head(pattern, answer)
        case "PUT": .put(pattern, answer)
        case "DELETE": .delete(pattern, answer)
        default: .post(pattern, answer)
        }
    }

    private static func noVolume(_ request: Request) -> EngineError {
        EngineError(.notFound, "get \(request.name): no such volume")
    }

    private static func network(_ request: Request) throws -> Network {
        let found = Network.all.first { $0.name == request.name || $0.id.hasPrefix(request.name) }
        guard let found else { throw EngineError(.notFound, "network \(request.name) not found") }
        return found
    }

    private static func listNetworks(_ request: Request) throws -> Response {
        let filters = try request.filters(["dangling", "driver", "id", "label", "name", "scope", "type"])
        let matching = Network.all.filter { network in
            filters.allSatisfy { key, values in values.contains { network.matches(key, $0) } }
        }
        return try .json(matching)
    }
}

/// There is no swarm, in the words that clients know.
struct NoSwarm: Error, CustomStringConvertible {
    let description =
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node "
        + "to swarm and try again."
}
