package import Linux

/// `login`: whether a registry knows the user.
package enum Login {
    /// Docker Hub, in the words of its first interface, which clients still send.
    private static let hub = "https://index.docker.io/v1/"

    /// Throws `RegistryError.denied` where the registry does not.
    package static func check(
        _ credentials: Credentials,
        _ settings: RegistrySettings,
        _ session: HTTPSession,
        _ cancellation: Cancellation
    ) throws {
        let address = credentials.serverAddress
        let domain = address.isEmpty || address == hub ? "docker.io" : Self.domain(address)
        var first: (any Error)?
        for endpoint in settings.endpoints(of: domain) where !endpoint.isMirror {
            do {
                let server = try RegistryServer(endpoint, settings, session, credentials)
                let url = "\(endpoint.base)/v2/"
                let answer = try server.send(HTTPRequest("GET", url), scopes: [], cancellation)
                switch answer.status {
                case 200: return
                case 401, 403:
                    throw RegistryError.denied(action: "login", name: domain, reason: RegistryFault.text(answer))
                default:
                    let reason = "it answered \(answer.status) \(RegistryFault.text(answer))"
                    throw RegistryError.malformed(url: url, reason: reason)
                }
            } catch let error as RegistryError {
                guard case .network = error else { throw error }
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    /// Of `https://host:port/path` or `host:port`.
    private static func domain(_ address: String) -> String {
        var rest = Substring(address)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return String(rest.prefix { $0 != "/" })
    }
}
