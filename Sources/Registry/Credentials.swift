import FoundationEssentials

/// Who asks: what clients send as `X-Registry-Auth`.
package struct Credentials: Sendable, Equatable {
    package var username = ""
    package var password = ""
    /// Got from the registry at login, in place of a password.
    package var identityToken = ""
    /// To be sent as it is.
    package var registryToken = ""
    package var serverAddress = ""

    package init() {}

    /// Nobody in particular.
    package var isEmpty: Bool { username.isEmpty && identityToken.isEmpty && registryToken.isEmpty }

    private struct Wire: Decodable {
        var username: String?
        var password: String?
        /// `base64(username:password)`, which old clients send instead.
        var auth: String?
        var identitytoken: String?
        var registrytoken: String?
        var serveraddress: String?
    }

    /// Of JSON, as in the body of `POST /auth`; nil if it is none.
    package init?(json: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(json)) else { return nil }
        username = wire.username ?? ""
        password = wire.password ?? ""
        identityToken = wire.identitytoken ?? ""
        registryToken = wire.registrytoken ?? ""
        serverAddress = wire.serveraddress ?? ""
        if username.isEmpty, let pair = wire.auth.flatMap({ Self.decode($0) }) {
            let text = String(decoding: pair, as: UTF8.self)
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            (username, password) = (String(text[..<colon]), String(text[colon...].dropFirst()))
        }
    }

    /// Of the header, in either alphabet of Base64, padded or not; nil if it is none.
    package init?(header: String) {
        guard let json = Self.decode(header) else { return nil }
        self.init(json: json)
    }

    private static func decode(_ text: String) -> [UInt8]? {
        var plain = text.filter { $0 != "=" }
        plain = String(plain.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain).map { Array($0) }
    }

    /// `Basic …`.
    var basic: String { "Basic " + Data("\(username):\(password)".utf8).base64EncodedString() }
}
