import Glibc
import Linux
import SystemPackage

/// The folder that a plug-in shows a layer in.
enum LayerFolder {
    /// Why a folder is none of the plug-in's.
    struct Stray: Error {
        let why: String
    }

    /// The folder without links on its way; throws `Stray` unless it is one, below `home`.
    ///
    /// A container's root is made of it, and nobody looks again: what has no link in it can't lead elsewhere.
    static func resolve(_ text: String, below home: FilePath) throws -> FilePath {
        let path = FilePath(text)
        guard path.isAbsolute, !text.utf8.contains(0) else { throw Stray(why: "which is no absolute path") }
        guard let real = real(path) else { throw Stray(why: "which is not there for the daemon") }
        guard let realHome = Self.real(home) else { throw Stray(why: "but its home \(home) is not there") }
        guard real != realHome, real.starts(with: realHome) else {
            throw Stray(why: real == path ? "which is not below \(home)" : "which leads to \(real), not below \(home)")
        }
        guard isFolder(real) else { throw Stray(why: "which is no folder") }
        return real
    }

    private static func real(_ path: FilePath) -> FilePath? {
        guard let found = realpath(path.string, nil) else { return nil }
        defer { free(found) }
        return FilePath(platformString: found)
    }
}
