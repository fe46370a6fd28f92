import Archive
import CLinux
import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// An image that somebody gave, as `docker save` writes it.
enum GivenImage {
    private struct Manifest: Decodable { let Layers: [String] }

    /// Takes the archive apart below `folder`; gives its first image's layers, the lowest first.
    static func layers(of archive: FilePath, below folder: FilePath) throws -> [FilePath] {
        do {
            let tree = folder.appending("given")
            try makeFolder(tree, 0o700)
            let limits = Tars.limits
            let source = try Decompressor(FileSource(opening: archive), limits: limits)
            _ = try extractLayer(source, into: tree, whiteouts: .plain, limits: limits)
            let root = OwnedDescriptor(
                try sys("open \(tree)") { open(tree.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            )
            let text = try FileSource(member("manifest.json", root.rawValue)).readAll(limit: 1 << 20)
            guard let image = try JSONDecoder().decode([Manifest].self, from: Data(text)).first else {
                throw ArchiveError.damaged(reason: "manifest.json names no image")
            }
            return try image.Layers.enumerated().map { number, name in
                // A copy under a name of our own: names of an archive, and its links, lead nowhere else.
                let path = folder.appending("given-\(number).tar")
                let sink = try FileSink(creating: path)
                try FileSource(member(name, root.rawValue)).copy(to: sink)
                try sink.close()
                return path
            }
        } catch {
            throw Target.Mistake(description: "--image \(archive): \(error); it must be a file that docker save wrote")
        }
    }

    /// Opens a file of the archive, and never one outside of it.
    private static func member(_ name: String, _ root: CInt) throws -> FileDescriptor {
        FileDescriptor(
            rawValue: try sys("open \(name)") {
                linux_open_in_root(root, name, UInt64(O_RDONLY | O_NOCTTY | O_NONBLOCK))
            }
        )
    }
}
