package import SystemPackage

/// Why a request got no answer.
package enum ClientError: Error, Equatable, CustomStringConvertible {
    /// What names the daemon is no UNIX socket.
    case badHost(String)
    /// Nothing answers at that path.
    case unreachable(path: String, Errno)
    /// The daemon closed the connection before its answer was whole.
    case brokenOff
    /// What came is no HTTP.
    case malformed(String)
    /// The daemon took longer than it was given.
    case timedOut
    /// More than the caller takes.
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .badHost(let host): Self.badHost(host)
        case .unreachable(let path, let errno):
            switch errno {
            case .noSuchFileOrDirectory:
                "Cannot connect to the daemon at unix://\(path): there is no such socket. Is varved running?"
            case .connectionRefused:
                "Cannot connect to the daemon at unix://\(path): nobody listens there. Is varved running?"
            case .permissionDenied:
                "permission denied while trying to connect to the daemon at unix://\(path): "
                    + "run as root, or join the group that owns the socket"
            default: "Cannot connect to the daemon at unix://\(path): \(errno)"
            }
        case .brokenOff: "the daemon closed the connection before its answer was complete"
        case .malformed(let what): "the daemon's answer is not understood: \(what)"
        case .timedOut: "the daemon did not answer in time"
        case .tooLarge(let limit): "the daemon's answer has more than \(limit) bytes"
        }
    }

    private static func badHost(_ host: String) -> String {
        if ["tcp://", "http://", "https://", "ssh://", "npipe://"].contains(where: host.hasPrefix) {
            return "cannot use host \(host): varve speaks to a UNIX socket only; bring a distant one here with "
                + "ssh -L /tmp/varve.sock:/run/varve/varve.sock HOST, and give -H unix:///tmp/varve.sock"
        }
        return "cannot use host \(host): varve speaks to a UNIX socket, unix:///path/to/socket"
    }
}
