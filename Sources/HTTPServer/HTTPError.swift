/// Why a request could not be answered, seen from below the handlers.
package enum HTTPError: Error, Equatable, CustomStringConvertible {
    /// The client closed the connection.
    case clientGone
    /// A body larger than a handler takes.
    case bodyTooLarge(limit: Int)
    /// Another process listens on that path.
    case socketInUse(path: String)
    /// Something that is no socket is in the way.
    case notASocket(path: String)
    /// More than the 107 bytes that a socket address holds.
    case pathTooLong(path: String)
    /// An address to listen on that nobody understands.
    case badAddress(String, why: String)
    /// A certificate or key that can't be used.
    case badCertificate(why: String)

    package var description: String {
        switch self {
        case .clientGone: "the client closed the connection"
        case .bodyTooLarge(let limit): "request body too large: at most \(limit) bytes"
        case .socketInUse(let path):
            "socket \(path) is in use: another daemon listens on it; stop that one or choose another path"
        case .notASocket(let path): "\(path) exists and is no socket; remove it or choose another path"
        case .pathTooLong(let path): "socket path \(path) has \(path.utf8.count) bytes; the system takes at most 107"
        case .badAddress(let address, let why):
            "can't listen on '\(address)': \(why); write unix:///path, tcp://host:port or fd://"
        case .badCertificate(let why): "can't use TLS: \(why)"
        }
    }
}
