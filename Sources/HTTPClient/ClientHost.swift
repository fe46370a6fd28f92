import Glibc

/// Which daemon is meant.
extension Client {
    /// `VARVE_HOST` (`varve -H` sets it), `DOCKER_HOST`, or the usual place; connects later.
    ///
    /// Throws `ClientError.badHost`.
    package static func ofEnvironment() throws(ClientError) -> Client {
        let host = variable("VARVE_HOST") ?? variable("DOCKER_HOST") ?? "unix:///run/varve/varve.sock"
        guard host.hasPrefix("unix://") || host.hasPrefix("/") else { throw .badHost(host) }
        return Client(path: host.hasPrefix("/") ? host : String(host.dropFirst("unix://".count)))
    }

    /// The value of a variable that is set and not empty.
    package static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
