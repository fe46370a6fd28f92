import Glibc
import Linux
package import SystemPackage

/// Where plug-ins are looked for: Varve's own folder first, then those that Docker looks at, in Docker's order.
package struct PluginFolders: Sendable {
    private let sockets: [FilePath]
    private let files: [FilePath]

    /// Varve's own folder, and where Docker looks.
    package init(
        own: FilePath = "/run/varve/plugins",
        sockets: [FilePath] = ["/run/docker/plugins"],
        files: [FilePath] = ["/etc/docker/plugins", "/usr/lib/docker/plugins"]
    ) {
        self.sockets = [own] + sockets
        self.files = files
    }

    /// The plug-in of that name; nil where there is none. Throws where it can't be asked.
    package func find(_ name: String) throws -> PluginAddress? {
        guard Self.isName(name) else { return nil }
        for folder in sockets {
            for path in ["\(name).sock", "\(name)/\(name).sock"].map({ folder.pushing(FilePath($0)) })
            where Self.isSocket(path) {
                return PluginAddress(socket: path)
            }
        }
        for folder in files {
            for path in ["\(name).spec", "\(name)/\(name).spec"] {
                guard let text = try Self.read(folder.pushing(FilePath(path))) else { continue }
                return try PluginAddress(spec: text, of: name)
            }
            for path in ["\(name).json", "\(name)/\(name).json"] {
                guard let text = try Self.read(folder.pushing(FilePath(path))) else { continue }
                return try PluginAddress(json: text, of: name)
            }
        }
        return nil
    }

    /// The names of all there are, whatever they can do.
    package var names: [String] {
        let found = (sockets.map { ($0, ["sock"]) } + files.map { ($0, ["spec", "json"]) }).flatMap { folder, kinds in
            ((try? listFolder(folder)) ?? []).flatMap { entry in
                let path = FilePath(entry)
                if let kind = path.extension { return kinds.contains(kind) ? [path.stem ?? ""] : [] }
                let inside = kinds.map { folder.appending(entry).appending("\(entry).\($0)") }
                return inside.contains(where: exists) ? [entry] : []
            }
        }
        return Set(found.filter(Self.isName)).sorted()
    }

    /// What is in a data root beside drivers' folders, Varve's or dockerd's.
    private static let taken: Set<String> = [
        "builder", "buildkit", "containerd", "containers", "image", "network", "plugins", "runtimes", "swarm", "tmp",
        "trust", "varve", "volumes",
    ]

    /// A name becomes that of folders in the data root.
    package static func isName(_ name: String) -> Bool {
        let marks = Array("_-.:@".utf8)
        let isPlain = name.utf8.allSatisfy { byte in
            marks.contains(byte) || (byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isPlain && !taken.contains(name) && !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 100
    }

    private static func isSocket(_ path: FilePath) -> Bool {
        var status = stat()
        return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func read(_ path: FilePath) throws -> [UInt8]? {
        exists(path) ? try readFile(path, limit: 1 << 16) : nil
    }
}
