// Each layer is a whole tree: a copy of its parent's with its own changes made in it. Slow and large where the file
// system can't share blocks, and free of any condition. Docker's folders:
//
//     vfs/                0710
//       dir/              0710
//         <id>/           0755  the tree
//         .<id>.new, .<id>.gone   a layer half copied or half deleted when the power went; `remove` deletes them

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

    /// Opens `home`; every file system will do.
    public init(home: FilePath, options: DriverOptions) throws {
        for (key, _) in options.values {
            guard key == "size" else { throw DriverError.unknownOption(driver: Self.name, key: key) }
            throw Self.noQuota(key: key)
        }
        layers = home.appending("dir")
        try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
        try makeFolders(layers, mode: FilePermissions(rawValue: 0o710))
    }

    /// Copies the parent aside and renames the copy in: the layer is whole or not there.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        try Self.refuse(options)
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        if let parent, !contains(parent) { throw DriverError.noSuchLayer(driver: Self.name, parent) }
        let aside = aside(id, "new")
        try removeTree(aside)  // a killed `create` may have left it
        do {
            try sys("make folder \(aside)") { mkdir(aside.string, 0o755) }
            try sys("set the mode of \(aside)") { chmod(aside.string, 0o755) }  // whatever the umask
            if let parent { try copyTree(folder(parent), to: aside) }
            try sys("rename \(aside) to \(folder(id))") { rename(aside.string, folder(id).string) }
        } catch {
            try? removeTree(aside)  // the first error is the one to report; `remove` tries again
            throw error
        }
    }

    /// Renames the tree away, then deletes it: it is whole or gone, also when the deletion is cut short.
    public func remove(_ id: LayerID) throws {
        let gone = aside(id, "gone")
        try removeTree(aside(id, "new"))
        try removeTree(gone)
        do { try sys("rename \(folder(id)) away") { rename(folder(id).string, gone.string) } } catch {
            if error.errno == .noSuchFileOrDirectory { return }
            // A full xfs has no room for the new name: then deleting cannot wait until it is out of sight.
            guard error.errno == .noSpace else { throw error }
            return try removeTree(folder(id))
        }
        try removeTree(gone)
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

    private static func refuse(_ options: LayerOptions) throws {
        guard let key = options.storage.keys.min() else { return }
        guard options.isWritable else {
            let reason = "--storage-opt is not supported for vfs on read-only layers"
            throw DriverError.invalidOption(driver: name, key: key, reason: reason)
        }
        guard key == "size" else {
            throw DriverError.invalidOption(driver: name, key: key, reason: "Storage opt \(key) not supported")
        }
        throw noQuota(key: key)
    }

    private static func noQuota(key: String) -> DriverError {
        let reason = "Filesystem does not support, or has not enabled quotas; leave the option out"
        return .invalidOption(driver: name, key: key, reason: reason)
    }
}
