import Glibc
import HTTPServer
import Linux

/// Which routes there are, and which of them are called: lines of a file that `VARVE_ROUTE_LOG` names. From it `docs/api.md`
/// gets its table, and a test run is held to call every route.
enum RouteLog {
    static func watch(_ routes: [Route]) -> [Route] {
        guard let path = getenv("VARVE_ROUTE_LOG").map({ String(cString: $0) }), !path.isEmpty else { return routes }
        // Appended to, a line a call: several daemons may write to one file, and be killed.
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { return routes }
        let log = OwnedLog(file: OwnedDescriptor(file))
        for route in routes { log.write("route", route, route.refusal ?? "") }
        return routes.map { route in route.watched { log.write("call", $0, "") } }
    }

    private final class OwnedLog: Sendable {
        private let file: OwnedDescriptor

        init(file: consuming OwnedDescriptor) { self.file = file }

        func write(_ what: String, _ route: Route, _ note: String) {
            let line = Array("\(what)\t\(route.method)\t\(route.pattern)\t\(note)\n".utf8)
            // What can't be written is missed by who reads it.
            _ = line.withUnsafeBytes { Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
        }
    }
}
