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
        let answer = try session.send(request, HTTPSession.Trust(), cancellation)
        guard answer.status == 200 else {
            throw RegistryError.notFound(name: url, reason: "\(request.url): the server answered \(answer.status)")
        }
    }

    /// With a scheme.
    package static func address(_ url: String) -> String { url.contains("://") ? url : "http://" + url }
}
