import Logging
import NIOHTTP1

/// How a request ended.
struct Ending {
    let route: String
    var status = 0
    /// What the client was told, where that was an error.
    var error: String?
    /// Why the answer did not get to its end.
    var brokeOff: String?

    init(route: String) { self.route = route }
}

extension Exchange {
    /// One line for each request: neither its query nor its headers, which may hold what is nobody's business.
    func note(_ ending: Ending, after duration: Duration) {
        service.metrics?.ended(head.method.rawValue, ending.route, after: duration)
        let level: Logger.Level = ending.status >= 500 ? .error : .debug
        guard service.log.logLevel <= level else { return }
        let (seconds, attoseconds) = duration.components
        var facts: Logger.Metadata = [
            "method": "\(head.method.rawValue)", "route": "\(ending.route)", "path": "\(target.path.prefix(256))",
            "status": "\(ending.status)", "ms": "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)",
        ]
        if let error = ending.error { facts["error"] = "\(error)" }
        if let brokeOff = ending.brokeOff { facts["broke-off"] = "\(brokeOff)" }
        service.log.log(level: level, "request", metadata: facts)
    }
}
