package import SystemPackage

/// Why a request got no answer.
package enum ClientError: Error, Equatable, CustomStringConvertible {
    /// Nothing answers at that path.
    case unreachable(path: String, Errno)
    /// The daemon closed the connection before its answer was whole.
    case brokenOff
    /// What came is no HTTP.
    case malformed(String)

    package var description: String {
        switch self {
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
        }
    }
}
