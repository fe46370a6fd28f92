package import Engine
package import HTTPServer
package import Logging

/// Docker's API on an engine.
package enum API {
    /// The server; it listens nowhere yet.
    package static func server(_ engine: Engine, log: Logger) -> Server {
        let version = engine.settings.version
        let headers = [
            ("Api-Version", APIVersion.newest.description),
            ("Docker-Experimental", "false"),
            ("Ostype", "linux"),
            ("Server", "Varve/\(version) (linux)"),
        ]
        return Server(routes: routes(engine), headers: headers, failure: Failure.answer, log: log)
    }

    /// Every route, by topic.
    static func routes(_ engine: Engine) -> [Route] {
        SystemRoutes(engine: engine).routes
            + ContainerRoutes(engine: engine).routes
            + ContainerOutputRoutes(engine: engine).routes
            + ContainerLifeRoutes(engine: engine).routes
            + AttachRoutes(engine: engine).routes
            + ExecRoutes(engine: engine).routes
            + ImageRoutes(engine: engine).routes
            + ImageArchiveRoutes(engine: engine).routes
            + StubRoutes.routes
    }
}

extension Request {
    /// What the route's `{name}` stands for.
    var name: String { parameters["name"] ?? "" }
}
