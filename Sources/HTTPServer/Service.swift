import Logging

/// What all connections share: the routes, and what every response carries.
struct Service: Sendable {
    let router: Router
    let headers: [(String, String)]
    let failure: @Sendable (any Error) -> (status: Int, message: String)
    let log: Logger
    let metrics: RequestMetrics?
}
