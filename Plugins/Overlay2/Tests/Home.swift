import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage

/// A home of its own, on disk: overlayfs's attributes need one.
final class Home {
    let path: FilePath

    init() throws {
        path = FilePath("/var/tmp/varve-overlay2-\(randomHex(bytes: 6))")
        try makeFolders(path, mode: FilePermissions(rawValue: 0o700))
    }

    deinit { try? removeTree(path) }

    func driver() throws -> Overlay2 { try Overlay2(home: path.appending("home"), options: DriverOptions()) }
    func file(_ name: String) -> FilePath { path.appending("home").appending(name) }
    func link(_ id: LayerID) throws -> FilePath {
        file("l").appending(String(decoding: try readFile(file("\(id)/link")), as: UTF8.self))
    }
}
