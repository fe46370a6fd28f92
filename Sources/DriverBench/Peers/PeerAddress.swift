package import SystemPackage

/// A daemon to be measured, as somebody asked for it: `docker=unix:///var/run/docker.sock`.
package struct PeerAddress: Sendable, Equatable {
    /// What its row is called.
    package let name: String
    /// Its socket.
    package let socket: FilePath

    /// Reads `NAME=unix:///path`.
    package init(parsing text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let path = parts.count == 2 && parts[1].hasPrefix("unix://") ? String(parts[1].dropFirst(7)) : ""
        guard path.hasPrefix("/"), parts[0].allSatisfy(Self.isAllowed) else {
            throw Target.Mistake(
                description: "--peer '\(text)': write NAME=unix:///path/to/socket; a name has letters, digits, . _ -"
            )
        }
        (name, socket) = (parts[0], FilePath(path))
    }

    private static func isAllowed(_ letter: Character) -> Bool {
        letter.isASCII && (letter.isLetter || letter.isNumber || "._-".contains(letter))
    }
}
