import Archive
import Linux
package import OCI
import Synchronization

/// One repository of one registry, and what may be asked of it.
///
/// `distribution-spec/spec.md`. Blocks; safe to use from several threads.
package final class RemoteRepository: Sendable {
    /// What the user called it: `docker.io/library/busybox`.
    package let reference: Reference
    private let session: HTTPSession
    private let endpoints: [RegistryServer]
    private let scopes: [String]
    /// `pull` or `push`.
    private let action: String
    /// The server that answered the first request; the others are only asked for what a mirror does not give.
    private let chosen = Mutex<RegistryServer?>(nil)

    /// Nothing is asked yet. `sources` are repositories that blobs may be taken from.
    package init(
        _ reference: Reference,
        _ settings: RegistrySettings,
        _ session: HTTPSession,
        _ credentials: Credentials,
        toPush: Bool = false,
        sources: [String] = []
    ) throws {
        (self.reference, self.session) = (reference, session)
        action = toPush ? "push" : "pull"
        let found = settings.endpoints(of: reference.domain).filter { !toPush || !$0.isMirror }
        endpoints = try found.map { try RegistryServer($0, settings, session, credentials) }
        scopes =
            ["repository:\(reference.path):\(toPush ? "pull,push" : "pull")"] + sources.map { "repository:\($0):pull" }
    }

    /// Sends a request to `path` below the repository, or to a whole address that the server named.
    func send(_ request: HTTPRequest, _ path: String, _ cancellation: Cancellation) throws -> HTTPAnswer {
        let known = chosen.withLock { $0 }
        if let known, !known.endpoint.isMirror { return try send(request, path, known, cancellation) }
        var request = request
        var hasBegun = false
        if let take = request.take {
            request.take = { answer, bytes in
                hasBegun = true
                try take(answer, bytes)
            }
        }
        var first: (any Error)?
        for server in (known.map { [$0] } ?? []) + endpoints.filter({ $0 !== known }) {
            do {
                let answer = try send(request, path, server, cancellation)
                // A mirror that does not have it, or fails, is no reason to give up.
                if server.endpoint.isMirror, answer.status >= 300 { continue }
                chosen.withLock { $0 = $0 ?? server }
                return answer
            } catch let error as RegistryError {
                // Another server would begin anew; who takes goes on from where it is.
                if hasBegun { throw error }
                // Who was reached has answered for the registry.
                if case .network = error {} else if !server.endpoint.isMirror { throw error }
                first = first ?? error
            }
        }
        throw first ?? RegistryError.notFound(name: reference.familiar, reason: "no registry has \(reference.familiar)")
    }

    private func send(
        _ request: HTTPRequest,
        _ path: String,
        _ server: RegistryServer,
        _ cancellation: Cancellation
    ) throws -> HTTPAnswer {
        var request = request
        request.url = Self.isWhole(path) ? path : "\(server.endpoint.base)/v2/\(reference.path)/\(path)"
        let answer = try server.send(request, scopes: scopes, cancellation)
        switch answer.status {
        case 401, 403: throw denied(RegistryFault.text(answer))
        case 408, 429, 500...:
            throw RegistryError.server(url: request.url, status: answer.status, reason: RegistryFault.text(answer))
        default: return answer
        }
    }

    func denied(_ reason: String) -> RegistryError {
        .denied(action: action, name: reference.familiarName, reason: reason)
    }

    private static func isWhole(_ path: String) -> Bool { path.hasPrefix("https://") || path.hasPrefix("http://") }

    /// Asks until it is answered, with a pause that doubles.
    func sendAgain(_ request: HTTPRequest, _ path: String, _ cancellation: Cancellation) throws -> HTTPAnswer {
        var pause = 500
        for _ in 0..<3 {
            do { return try send(request, path, cancellation) } catch let error as RegistryError where error.isTransient
            {
                try cancellation.sleep(milliseconds: pause)
                pause *= 2
            }
        }
        return try send(request, path, cancellation)
    }

    /// The address that a server names, which may be relative to the server.
    func location(_ answer: HTTPAnswer, _ url: String) throws -> String {
        guard let text = answer.headers["location"], !text.isEmpty else {
            throw RegistryError.malformed(url: url, reason: "the registry named no place for the upload")
        }
        if Self.isWhole(text) { return text }
        let base = chosen.withLock { $0?.endpoint.base } ?? ""
        let server = base.split(separator: "/", omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
        return server + (text.hasPrefix("/") ? "" : "/") + text
    }
}
