/// What a handler answers.
package enum Response: Sendable {
    /// A whole body. A nil type with an empty body sends no `Content-Type`.
    case bytes(status: Int, contentType: String?, [UInt8], headers: Headers = [:])

    /// A chunked body. Status line and headers are on the wire before the closure runs. It is cancelled when the
    /// client goes; what it throws ends the connection before the last chunk, so the client sees a broken body.
    /// A server that ends does not wait for an `endless` one, which is not told apart from one that merely takes long.
    case stream(
        status: Int = 200,
        contentType: String,
        headers: Headers = [:],
        endless: Bool = false,
        @Sendable (StreamWriter) async throws -> Void
    )

    /// Takes the connection over, both ways, raw: answers 101 or, without `Upgrade`, 200. The closure runs after the
    /// headers were sent; when it returns, the connection's sending side is shut and it closes.
    case hijack(contentType: String, @Sendable (HijackedConnection) async throws -> Void)

    /// Nothing but a status: 204, 304.
    package static func status(_ status: Int, headers: Headers = [:]) -> Response {
        .bytes(status: status, contentType: nil, [], headers: headers)
    }

    package static func json(_ body: [UInt8], status: Int = 200, headers: Headers = [:]) -> Response {
        .bytes(status: status, contentType: "application/json", body, headers: headers)
    }

    package static func text(_ text: String, status: Int = 200, headers: Headers = [:]) -> Response {
        .bytes(status: status, contentType: "text/plain; charset=utf-8", Array(text.utf8), headers: headers)
    }
}
