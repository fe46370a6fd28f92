package import OCI

/// Why a registry did not do what it was asked.
package enum RegistryError: Error, Equatable, CustomStringConvertible {
    /// The server was not reached, or broke off: worth another try.
    case network(url: String, reason: String)
    /// It answered with an error of its own: 5xx, too many requests.
    case server(url: String, status: Int, reason: String)
    /// It wants to know who asks, or does not let this one.
    case denied(action: String, name: String, reason: String)
    /// It has no such manifest or blob.
    case notFound(name: String, reason: String)
    /// What came is not what was asked for.
    case wrongDigest(object: String, expected: Digest, actual: Digest)
    /// It answered, but not as a registry does.
    case malformed(url: String, reason: String)
    /// It has something that is no image for this host.
    case unsupported(name: String, reason: String)

    /// Whether the same request may succeed a moment later.
    package var isTransient: Bool {
        switch self {
        case .network, .server: true
        default: false
        }
    }

    /// What was asked, why it failed, what to do.
    package var description: String {
        switch self {
        case .network(let url, let reason): "\(url): \(reason)"
        case .server(let url, let status, let reason): "\(url): the registry answered \(status) \(reason)"
        case .denied(let action, let name, let reason):
            "\(action) access denied for \(name), repository does not exist or may require 'docker login': \(reason)"
        case .notFound(_, let reason): reason
        case .wrongDigest(let object, let expected, let actual):
            "\(object): expected \(expected), got \(actual): it was damaged on its way; try again"
        case .malformed(let url, let reason): "\(url): \(reason); is this a registry?"
        case .unsupported(_, let reason): reason
        }
    }
}
