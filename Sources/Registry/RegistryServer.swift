import Linux

/// One server, and what it knows of the user.
final class RegistryServer: Sendable {
    let endpoint: Endpoint
    private let session: HTTPSession
    private let trust: HTTPSession.Trust
    private let user: Authenticator

    init(
        _ endpoint: Endpoint,
        _ settings: RegistrySettings,
        _ session: HTTPSession,
        _ credentials: Credentials
    ) throws {
        (self.endpoint, self.session) = (endpoint, session)
        trust = try endpoint.trust(settings.certificates)
        user = Authenticator(session, trust, endpoint.isMirror ? Credentials() : credentials)
    }

    /// Sends a request, and says who asks where the server wants to know; `scopes` are what is to be allowed.
    func send(_ request: HTTPRequest, scopes: [String], _ cancellation: Cancellation) throws -> HTTPAnswer {
        // An upload may go to another server, which is not to learn who asks.
        guard request.url.hasPrefix(endpoint.base + "/") else { return try session.send(request, trust, cancellation) }
        var signed = request
        var answer = HTTPAnswer()
        for _ in 0..<3 {
            let header = user.header
            signed.headers = request.headers + (header.map { [("Authorization", $0)] } ?? [])
            answer = try session.send(signed, trust, cancellation)
            guard answer.status == 401, let challenge = answer.headers["www-authenticate"],
                try user.answer(challenge, refused: header, scopes: scopes, cancellation)
            else { break }
        }
        return answer
    }
}
