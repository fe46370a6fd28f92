/// Where clients find a server, in the words of dockerd's `-H`.
package enum ListenAddress: Sendable, Hashable {
    case unix(path: String)
    /// Without a port it is Docker's: 2375, with TLS 2376.
    case tcp(host: String, port: Int?)
    /// Sockets that the service manager has opened: all of them, or those of a name or number.
    case passed(name: String?)

    /// Reads `unix:///path`, `tcp://host:port`, `fd://`, or `host:port` alone.
    package init(_ text: String) throws(HTTPError) {
        func tail(_ prefix: String) -> Substring? { text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : nil }
        if let path = tail("unix://") {
            self = .unix(path: String(path))
        } else if let name = tail("fd://") {
            self = .passed(name: name.isEmpty || name == "*" ? nil : String(name))
        } else if let rest = tail("tcp://") {
            self = try .init(hostAndPort: rest, of: text)
        } else if text.contains("/") || text.isEmpty {
            throw .badAddress(text, why: "it is of no kind that is known")
        } else {
            self = try .init(hostAndPort: text[...], of: text)
        }
    }

    private init(hostAndPort text: Substring, of whole: String) throws(HTTPError) {
        var (host, rest) = (text.prefix { $0 != ":" }, text.drop { $0 != ":" })
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            (host, rest) = (text[..<end].dropFirst(), text[end...].dropFirst())
        }
        guard !host.contains("/"), !host.contains("["), rest.isEmpty || rest.first == ":" else {
            throw .badAddress(whole, why: "'\(text)' is no host and port")
        }
        // As dockerd: whoever leaves the host out means this machine, and not everybody.
        let name = host.isEmpty ? "localhost" : String(host)
        let digits = rest.dropFirst()
        if digits.isEmpty {
            self = .tcp(host: name, port: nil)
        } else if let port = UInt16(digits), digits.allSatisfy(\.isNumber) {
            self = .tcp(host: name, port: Int(port))
        } else {
            throw .badAddress(whole, why: "'\(digits)' is no port; a port is a number up to 65535")
        }
    }
}
