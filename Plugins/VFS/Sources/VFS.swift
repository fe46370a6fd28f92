// Each layer is a whole tree: a copy of its parent's with its own changes made in it. Slow and large where the file
// system can't share blocks, and free of any condition. Docker's folders:
//
//     vfs/                0710
//       dir/              0710
//         <id>/           0755  the tree
//         .<id>.new, .<id>.gone   a layer half copied or half deleted when the power went; `remove` deletes them
//       backingFsBlockDev 0600  the disk's device node; only with quotas on a kernel before 5.14

import Archive
import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

/// Docker's `vfs` storage driver.
public struct VFS: GraphDriver {
    /// `vfs`.
    public static let name = "vfs"

    private let layers: FilePath
    private let sizes: LayerSizes

    /// Opens `home`; every file system will do.
    public init(home: FilePath, options: DriverOptions) throws {
        let size = try LayerSizes.Option("size", of: Self.name, in: options)
        let isNew = !isFolder(home)
        layers = home.appending("dir")
        try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
        try makeFolders(layers, mode: FilePermissions(rawValue: 0o710))
        do { sizes = try LayerSizes(size, in: layers, node: home.appending("backingFsBlockDev")) } catch {
            if isNew { try? removeTree(home) }  // a refused start leaves nothing; the first error is the one to report
            throw error
        }
    }

    /// Copies the parent aside and renames the copy in: the layer is whole or not there.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        let limit = try sizes.limit(for: options)
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        if let parent, !contains(parent) { throw DriverError.noSuchLayer(driver: Self.name, parent) }
        let isAside = limit?.allowsRename ?? true
        let place = isAside ? aside(id, "new") : folder(id)
        try discard(place)  // a killed `create` may have left it
        do {
            try fill(place, parent: parent, limit: limit)
            if isAside { try sys("rename \(place) to \(folder(id))") { rename(place.string, folder(id).string) } }
        } catch {
            try? discard(place)  // the first error is the one to report; `remove` tries again
            throw error
        }
    }

    /// The project comes first, so that all in the tree has it; the limit last, when the copied files are in.
    private func fill(_ place: FilePath, parent: LayerID?, limit: ProjectQuota.Limit?) throws {
        try sys("make folder \(place)") { mkdir(place.string, 0o755) }
        try sys("set the mode of \(place)") { chmod(place.string, 0o755) }  // whatever the umask
        try limit?.begin(place)
        if let parent { try copyTree(folder(parent), to: place) }
        try limit?.set(place)
    }

    /// Renames the tree away, then deletes it: it is whole or gone, also when the deletion is cut short.
    public func remove(_ id: LayerID) throws {
        let gone = aside(id, "gone")
        try discard(aside(id, "new"))
        try discard(gone)
        func moveAway() throws(SystemError) {
            try sys("rename \(folder(id)) away") { rename(folder(id).string, gone.string) }
        }
        do throws(SystemError) {
            do throws(SystemError) { try moveAway() } catch {
                guard error.errno == .notPermitted else { throw error }
                try allowChanges(folder(id))  // a container made its root immutable
                try moveAway()
            }
        } catch {
            if error.errno == .noSuchFileOrDirectory { return }
            // A full xfs has no room for the new name, and a home with a project lets no other one's folder in: then
            // deleting can't wait until it is out of sight.
            guard [.noSpace, .improperLink].contains(error.errno) else { throw error }
            return try discard(folder(id))
        }
        try discard(gone)
    }

    /// Takes the limit off, then deletes the tree: a cut leaves no limit without its folder.
    private func discard(_ tree: FilePath) throws {
        guard isFolder(tree) else { return }
        try sizes.end(tree)
        try removeTree(tree)
    }

    /// Whether the tree is there.
    public func contains(_ id: LayerID) -> Bool { isFolder(folder(id)) }

    /// The tree is the view.
    public func open(_ id: LayerID) throws -> LayerView {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        return .folder(folder(id))
    }

    private func folder(_ id: LayerID) -> FilePath { layers.appending(id.description) }
    private func aside(_ id: LayerID, _ state: String) -> FilePath { layers.appending(".\(id).\(state)") }

    /// Sizes hold where the file system has quotas.
    public var capabilities: Capabilities { sizes.areKept ? [.quota] : [] }
}
