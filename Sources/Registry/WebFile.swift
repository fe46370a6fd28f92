package import Archive
package import Linux

/// A file that anybody may fetch.
package enum WebFile {
    /// Writes what is at `url` (`http`, `https`; the former where it says neither) to `sink`; throws `RegistryError` where nothing is.
    package static func fetch(
        _ url: String,
        _ session: HTTPSession,
        to sink: any ByteSink,
        _ cancellation: Cancellation
    ) throws {
        var request = HTTPRequest("GET", address(url))
        request.take = { _, bytes in try sink.write(bytes) }
        let shown = shown(request.url)
        do {
            let answer = try session.send(request, HTTPSession.Trust(), cancellation)
            guard answer.status == 200 else {
                throw RegistryError.notFound(name: shown, reason: "\(shown): the server answered \(answer.status)")
            }
        } catch RegistryError.network(_, let reason) { throw RegistryError.network(url: shown, reason: reason) }
    }

    /// As it may be shown, logged and kept: without a password.
    package static func shown(_ url: String) -> String {
        if url == "-" { return url }
        let url = address(url)
        guard let slashes = url.firstRange(of: "//") else { return url }
        let host = url[slashes.upperBound...].prefix { !"/?#".contains($0) }
        guard let at = host.lastIndex(of: "@") else { return url }
        return String(url[..<slashes.upperBound] + url[at...].dropFirst())
    }

    /// With a scheme.
    private static func address(_ url: String) -> String { url.contains("://") ? url : "http://" + url }
}
