import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// A read-only snapshot of a layer, as it is now; deleted with this value.
final class Snapshot {
    /// Where it is.
    let path: FilePath
    /// Its root.
    let root: OwnedDescriptor
    /// The subvolume's number.
    let id: UInt64

    private let driver: Btrfs
    /// Holds a lock that tells a starting process that somebody needs what is in the folder.
    private let folder: OwnedDescriptor

    init(of layer: LayerID, _ driver: Btrfs) throws {
        let folder = try openFolder(driver.changing)
        try sys("lock \(driver.changing)") { flock(folder.rawValue, LOCK_SH) }
        let name = "\(layer)-\(randomHex(bytes: 4))"
        let path = driver.changing.appending(name)
        let source = try openFolder(driver.folder(layer))
        try sys("make \(path) as a snapshot of \(layer)") {
            linux_btrfs_snapshot(folder.rawValue, name, source.rawValue, 1)
        }
        do {
            root = try openFolder(path)
            var found = linux_btrfs_subvolume()
            let opened = root.rawValue
            try sys("look at subvolume \(path)") { linux_btrfs_describe(opened, &found) }
            id = found.id
        } catch {
            try? driver.removeSubvolume(path)  // what stays is deleted by the next start
            throw error
        }
        self.driver = driver
        self.folder = folder
        self.path = path
    }

    deinit {
        // What stays is deleted by the next start: `removeOldSnapshots`.
        try? driver.removeSubvolume(path)
        // Also for a copy of this process.
        _ = flock(folder.rawValue, LOCK_UN)
    }
}

extension Btrfs {
    /// Where layers' snapshots are while they are compared.
    var changing: FilePath { home.appending(".changes") }

    /// Deletes the snapshots that a killed process left, unless another one is comparing layers.
    func removeOldSnapshots() throws {
        let names = try listFolder(changing)
        if names.isEmpty { return }
        let folder = try openFolder(changing)
        do { try sys("lock \(changing)") { flock(folder.rawValue, LOCK_EX | LOCK_NB) } } catch {
            if error.errno == .wouldBlock { return }
            throw error
        }
        for name in names { try removeSubvolume(changing.appending(name)) }
    }
}
