// Each layer is a subvolume: a first one is made empty, any other is a snapshot of its parent. Docker's folders:
//
//     btrfs/                  0710
//       subvolumes/           0710
//         <id>/                     the tree, root of a subvolume
//       quotas/               0700  only where a layer is limited
//         <id>                0644  its limit: bytes, in decimal, no newline
//       .changes/             0700  read-only snapshots of layers that are being compared; mostly empty
//       .quota-on             0600  this driver switched quotas on for the file system, and will switch them off
//
// Docker looks at `subvolumes` and `quotas` only. Layers of images are writable subvolumes, as Docker's are: a read-only
// one can't be deleted with `rm -r`, and a snapshot that lasts for one comparison costs one commit.

import CBtrfs
import CLinux
import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

/// Docker's `btrfs` storage driver.
public struct Btrfs: GraphDriver {
    /// `btrfs`.
    public static let name = "btrfs"

    package let home: FilePath
    let quotas: Quotas
    var subvolumes: FilePath { home.appending("subvolumes") }

    /// Opens `home`, which must be on btrfs, and deletes what a killed process left there.
    public init(home: FilePath, options: DriverOptions) throws {
        let choices = try Options(options)
        try Self.requireSupport(at: home)
        self.home = home
        quotas = Quotas(home: home, options: choices)
        for folder in [home, subvolumes] { try makeFolders(folder, mode: FilePermissions(rawValue: 0o710)) }
        try makeFolders(changing, mode: FilePermissions(rawValue: 0o700))
        try removeOldSnapshots()
        try quotas.settle()
    }

    /// Makes a subvolume, or a snapshot of the parent's: the kernel does that in one step.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        let size = try quotas.size(of: options)
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        if let parent, !contains(parent) { throw DriverError.noSuchLayer(driver: Self.name, parent) }
        if let size { try quotas.admit(id, size) }
        do { try make(id, parent) } catch let error as SystemError {
            // The first error is the one to report; `remove` tries again.
            if size != nil { try? quotas.forget(id) }
            throw error.errno == .fileExists && contains(id) ? DriverError.layerExists(driver: Self.name, id) : error
        }
        do { try quotas.limit(id, folder(id), inherited: parent) } catch {
            try? remove(id)
            throw error
        }
    }

    private func make(_ id: LayerID, _ parent: LayerID?) throws {
        let place = try openFolder(subvolumes)
        guard let parent else {
            try sys("make subvolume \(folder(id))") { linux_btrfs_create(place.rawValue, id.description) }
            try sys("set the mode of \(folder(id))") { chmod(folder(id).string, 0o755) }  // whatever the umask
            return
        }
        let source = try openFolder(folder(parent))
        try sys("make \(folder(id)) as a snapshot of \(parent)") {
            linux_btrfs_snapshot(place.rawValue, id.description, source.rawValue, 0)
        }
    }

    /// Deletes the subvolumes within, then the subvolume, which the kernel does in one step, then its limit.
    public func remove(_ id: LayerID) throws {
        try removeSubvolume(folder(id))
        try quotas.forget(id)
    }

    /// Whether there is a subvolume of that name.
    public func contains(_ id: LayerID) -> Bool { Self.isSubvolume(folder(id)) }

    /// The subvolume is the view. Limits are set again: another engine may have switched quotas off.
    public func open(_ id: LayerID) throws -> LayerView {
        guard contains(id) else {
            guard exists(folder(id)) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
            let reason = "it is no subvolume (was it copied?); remove it, and fetch its image again"
            throw DriverError.damaged(driver: Self.name, folder(id), reason: reason)
        }
        try quotas.limit(id, folder(id), inherited: nil)
        return .folder(folder(id))
    }

    /// Forgets the quota groups of deleted subvolumes, as far as the kernel lets us.
    public func release() throws { try quotas.settle() }

    /// What `docker info` shows: the versions of the library that reads send streams.
    public var status: [(key: String, value: String)] {
        [("Build Version", BTRFS_BUILD_VERSION), ("Library Version", "\(varve_libbtrfs_version)")]
    }

    /// Limits work on every btrfs.
    public var capabilities: Capabilities { [.quota] }

    func folder(_ id: LayerID) -> FilePath { subvolumes.appending(id.description) }

    /// Whether the root of a subvolume is at `path`: it always is inode 256.
    static func isSubvolume(_ path: FilePath) -> Bool {
        var status = stat()
        return lstat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_ino == 256
    }

    private static func requireSupport(at home: FilePath) throws {
        var place = home
        while !isFolder(place), !place.components.isEmpty { place.removeLastComponent() }
        if place.isEmpty { place = "." }
        let backing = try FileSystemType(of: place)
        guard backing == .btrfs else {
            let remedy = "put the data root on a btrfs file system (mkfs.btrfs, mount), or choose overlay2"
            let reason = "\(place) is on \(backing), not on btrfs"
            throw DriverError.unsupported(driver: name, reason: reason, remedy: remedy)
        }
        // Quotas and nested subvolumes are found by searching the file system's trees, which only root may.
        do {
            let folder = try openFolder(place, followingLink: true)
            try sys("search the trees of \(place)") { linux_btrfs_quota(folder.rawValue) }
        } catch {
            throw DriverError.unsupported(driver: name, reason: "\(error)", remedy: "run the daemon as root")
        }
    }
}

/// Opens a folder for ioctls.
func openFolder(_ path: FilePath, followingLink: Bool = false) throws(SystemError) -> OwnedDescriptor {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followingLink ? 0 : O_NOFOLLOW)
    return OwnedDescriptor(try sys("open \(path)") { Glibc.open(path.string, flags) })
}
