package import Engine
package import HTTPServer
package import Logging
package import Metrics

/// Docker's API on an engine.
package enum API {
    /// The server; it listens nowhere yet.
    package static func server(_ engine: Engine, metrics: Metrics, log: Logger) -> Server {
        let version = engine.settings.version
        let headers = [
            ("Api-Version", APIVersion.newest.description),
            ("Docker-Experimental", "false"),
            ("Ostype", "linux"),
            ("Server", "Varve/\(version) (linux)"),
        ]
        let server = Server(
            routes: RouteLog.watch(routes(engine) + [figures(metrics)]),
            headers: headers,
            failure: Failure.answer,
            log: log,
            metrics: metrics
        )
        metrics.reading("varve_http_connections", "Clients that are connected to the API") { [weak server] in
            server.map { Double($0.connectionCount) }
        }
        return server
    }

    /// A server with nothing but the figures, for who may know these and no more.
    package static func metricsServer(_ metrics: Metrics, log: Logger) -> Server {
        Server(routes: [figures(metrics)], headers: [], failure: Failure.answer, log: log, threads: 1)
    }

    private static func figures(_ metrics: Metrics) -> Route {
        .get("/metrics") { _ in
            .bytes(
                status: 200,
                contentType: Exposition.contentType,
                Array(await metrics.exposition().utf8)
            )
        }
    }

    /// Every route, by topic.
    static func routes(_ engine: Engine) -> [Route] {
        SystemRoutes(engine: engine).routes
            + ContainerRoutes(engine: engine).routes
            + ContainerOutputRoutes(engine: engine).routes
            + ContainerLifeRoutes(engine: engine).routes
            + FileRoutes(engine: engine).routes
            + VolumeRoutes(engine: engine).routes
            + StatsRoutes(engine: engine).routes
            + NetworkRoutes(engine: engine).routes
            + AttachRoutes(engine: engine).routes
            + ExecRoutes(engine: engine).routes
            + ImageRoutes(engine: engine).routes
            + ImageArchiveRoutes(engine: engine).routes
            + RegistryRoutes(engine: engine).routes
            + StubRoutes.routes
    }
}

extension Request {
    /// What the route's `{name}` stands for.
    var name: String { parameters["name"] ?? "" }
}
