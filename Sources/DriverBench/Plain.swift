import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// No driver: folders of the file system as they are, to compare drivers with what the host itself takes.
///
/// The layers of an image are unpacked over each other into one folder. A container's layer shows its image's folder, made
/// by one `mkdir` and a link; one that will be written to gets a copy first, by `makeOwn`, which no clock sees.
///
/// ```
/// home/
/// ├── trees/<id of the lowest layer>    all that was unpacked
/// └── layers/<id>                       a link to the tree
/// ```
struct Plain: GraphDriver {
    static let name = "plain"
    private let home: FilePath

    init(home: FilePath, options: DriverOptions) throws {
        self.home = home
        for folder in ["trees", "layers"] {
            try makeFolders(home.appending(folder), mode: FilePermissions(rawValue: 0o755))
        }
    }

    private func link(_ id: LayerID) -> FilePath { home.appending("layers/\(id)") }

    private func tree(of id: LayerID) throws -> FilePath {
        var buffer = [CChar](repeating: 0, count: 512)
        let count = try sys("look where \(id) is") { readlink(link(id).string, &buffer, buffer.count) }
        let name = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return home.appending("trees").appending(name)
    }

    func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        let own = home.appending("trees/\(id)")
        let shown = try parent.map(tree) ?? own
        // What the least that a container's layer takes is: one folder.
        if parent == nil || options.isWritable { try makeFolder(own, 0o755) }
        let target = shown.lastComponent?.string ?? ""
        try sys("make \(link(id))") { symlink(target, link(id).string) }
    }

    /// Gives a layer a tree of its own, with all that it shows.
    func makeOwn(_ id: LayerID) throws {
        let own = home.appending("trees/\(id)")
        let shown = try tree(of: id)
        guard shown != own else { return }
        try sys("remove \(own)") { rmdir(own.string) }
        try copyTree(shown, to: own)
        try sys("remove \(link(id))") { unlink(link(id).string) }
        try sys("make \(link(id))") { symlink(id.description, link(id).string) }
    }

    func remove(_ id: LayerID) throws {
        guard contains(id) else { return }
        try sys("remove \(link(id))") { unlink(link(id).string) }
        try removeTree(home.appending("trees/\(id)"))
    }

    func contains(_ id: LayerID) -> Bool { exists(link(id)) }
    func open(_ id: LayerID) throws -> LayerView { .folder(try tree(of: id)) }
}
