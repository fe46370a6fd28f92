/// What to ask of the daemon.
package struct ClientRequest {
    package enum Body {
        case none
        case json([UInt8])
        /// A chunked body: called until it returns 0, filling the buffer from its start.
        case stream(type: String, (UnsafeMutableRawBufferPointer) throws -> Int)
    }

    package var method: String
    package var path: String
    package var query: [(String, String)]
    package var headers: [(String, String)]
    package var body: Body
    /// Asks for a raw connection.
    package var upgrades: Bool

    /// `path` is taken as it is: escape names with `escaped`.
    package init(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        headers: [(String, String)] = [],
        body: Body = .none,
        upgrades: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.upgrades = upgrades
    }

    /// `path` with whatever is special in a URL replaced by `%xx`; `/` and `:` stay.
    package static func escaped(_ text: String) -> String {
        let plain = Array("-._~/:@".utf8)
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where plain.contains(byte): escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }

    var head: String {
        let parameters = query.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
        var head = "\(method) \(path)\(parameters.isEmpty ? "" : "?" + parameters) HTTP/1.1\r\nHost: varve\r\n"
        head += "User-Agent: varve\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if upgrades { head += "Connection: Upgrade\r\nUpgrade: tcp\r\n" }
        switch body {
        case .none: if method != "GET" && method != "HEAD" { head += "Content-Length: 0\r\n" }
        case .json(let bytes): head += "Content-Type: application/json\r\nContent-Length: \(bytes.count)\r\n"
        case .stream(let type, _): head += "Content-Type: \(type)\r\nTransfer-Encoding: chunked\r\n"
        }
        return head + "\r\n"
    }
}
