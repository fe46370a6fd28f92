import FoundationEssentials
import Linux
import Synchronization

/// Answers a registry's challenges for one user, and remembers the answers until they expire.
///
/// docs.docker.com/reference/api/registry/auth, "Token authentication".
final class Authenticator: Sendable {
    private let session: HTTPSession
    private let trust: HTTPSession.Trust
    private let credentials: Credentials
    /// What was answered last; the next request begins with it.
    private let known = Mutex<String?>(nil)

    init(_ session: HTTPSession, _ trust: HTTPSession.Trust, _ credentials: Credentials) {
        (self.session, self.trust, self.credentials) = (session, trust, credentials)
        if !credentials.registryToken.isEmpty { known.withLock { $0 = "Bearer \(credentials.registryToken)" } }
    }

    /// The value of `Authorization`, if there is one by now.
    var header: String? { known.withLock { $0 } }

    /// Finds the answer to a challenge; false if there is none to give but what was `refused` already. `scopes` are asked for
    /// beside the challenge's own.
    func answer(
        _ challenge: String,
        refused: String?,
        scopes: [String],
        _ cancellation: Cancellation
    ) throws -> Bool {
        for challenge in Challenge.parse(challenge) {
            let answer: String?
            switch challenge.scheme {
            case "bearer": answer = try token(challenge, scopes, cancellation).map { "Bearer \($0)" }
            case "basic": answer = credentials.username.isEmpty ? nil : credentials.basic
            default: answer = nil
            }
            guard let answer else { continue }
            known.withLock { $0 = answer }
            // Another thread may have found the same answer meanwhile; what counts is what this request said.
            return refused != answer
        }
        return false
    }

    private struct Token: Decodable {
        var token: String?
        var access_token: String?
    }

    private func token(_ challenge: Challenge, _ scopes: [String], _ cancellation: Cancellation) throws -> String? {
        guard let realm = challenge.parameters["realm"], realm.hasPrefix("https://") || realm.hasPrefix("http://")
        else {
            return nil
        }
        let own = (challenge.parameters["scope"] ?? "").split(separator: " ").map(String.init)
        let all = own + scopes.filter { !own.contains($0) }
        var parameters = challenge.parameters["service"].map { [("service", $0)] } ?? []
        var request: HTTPRequest
        if !credentials.identityToken.isEmpty {
            parameters += [
                ("grant_type", "refresh_token"), ("client_id", "varve"), ("refresh_token", credentials.identityToken),
                ("scope", all.joined(separator: " ")),
            ]
            request = HTTPRequest("POST", realm)
            request.headers = [("Content-Type", "application/x-www-form-urlencoded")]
            request.body = .bytes(Array(Self.form(parameters).utf8))
        } else {
            parameters += all.map { ("scope", $0) }
            if !credentials.username.isEmpty { parameters.append(("account", credentials.username)) }
            request = HTTPRequest("GET", realm + (realm.contains("?") ? "&" : "?") + Self.form(parameters))
            if !credentials.username.isEmpty { request.headers = [("Authorization", credentials.basic)] }
        }
        let answer = try session.send(request, trust, cancellation)
        if answer.status >= 500 || answer.status == 429 {
            throw RegistryError.server(url: realm, status: answer.status, reason: RegistryFault.text(answer))
        }
        guard answer.status == 200, let said = try? JSONDecoder().decode(Token.self, from: Data(answer.body)) else {
            return nil
        }
        return said.token ?? said.access_token
    }

    private static func form(_ parameters: [(String, String)]) -> String {
        parameters.map { "\($0.0)=\($0.1.escapedForURL)" }.joined(separator: "&")
    }
}

extension String {
    /// With all but letters, digits and `-._~` as `%xx` (RFC 3986).
    var escapedForURL: String {
        utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }
}
