import FoundationEssentials
import Linux
package import SystemPackage

/// Where a plug-in listens.
package struct PluginAddress: Sendable, Equatable, CustomStringConvertible {
    /// Its UNIX socket.
    package let socket: FilePath

    package var description: String { "unix://\(socket)" }

    /// The socket itself.
    package init(socket: FilePath) { self.socket = socket }

    /// What a `.spec` file says: one address.
    init(spec bytes: [UInt8], of name: String) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let address = words.first else {
            throw PluginAddressError(name, "its .spec file has \(words.count) words; it is one address, unix:///path")
        }
        try self.init(String(address), of: name)
    }

    private struct Description: Decodable {
        let address: String
        enum CodingKeys: String, CodingKey { case address = "Addr" }
    }

    /// What a `.json` file says; the name in it counts for nothing.
    init(json bytes: [UInt8], of name: String) throws {
        guard let found = try? JSONDecoder().decode(Description.self, from: Data(bytes)) else {
            throw PluginAddressError(name, "its .json file can't be read; write {\"Addr\": \"unix:///path\"}")
        }
        try self.init(found.address, of: name)
    }

    private init(_ address: String, of name: String) throws {
        let scheme = "unix://"
        guard address.hasPrefix(scheme + "/") else {
            throw PluginAddressError(
                name,
                "it listens at \(address), but only at unix:///path can a driver show folders of this host; "
                    + "start it with a UNIX socket"
            )
        }
        socket = FilePath(String(address.dropFirst(scheme.count)))
    }
}

/// A plug-in that was found, but is not where it could be asked.
package struct PluginAddressError: Error, CustomStringConvertible {
    package let description: String

    init(_ name: String, _ reason: String) { description = "storage plug-in \(name): \(reason)" }
}
