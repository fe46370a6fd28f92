// Keeps layers as aufs branches, in the folders and files of Docker's `aufs`, so that either opens what the other made:
//
//     aufs/                     0710
//       layers/<id>             0644  the layer's ancestors, one a line, the direct parent first; empty without a parent
//       diff/<id>/              0755  the branch: the layer's own files, `.wh.x` for what it deleted
//       mnt/<id>/               0755  where the joined branches are mounted while the layer is open
//
// A layer exists if `layers/<id>` does. Ours, and deleted with the layer:
//
//       .work/<id>/             0700  the layer is open, or was when the daemon was killed (`Views.swift`)
//       .overlay/<id>/          0700  what overlayfs has to be told of the layer's notes (`OverlayView.swift`)
//       .names/<number>               a short way to `.work/<id>/names`
//       .<id>.new                     a `layers/<id>` that is not in place yet

import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

/// Docker's `aufs` storage driver: by aufs where the kernel has it, else by overlayfs or fuse-overlayfs.
public struct AUFS: GraphDriver {
    /// `aufs`.
    public static let name = "aufs"
    /// Most branches of a union: aufs's own limit, as kernels were built (`CONFIG_AUFS_BRANCH_MAX_127`).
    static let mostBranches = 127

    let home: FilePath
    let backing: FileSystemType
    let union: Union
    /// What servers of fuse-overlayfs run here, also those that another start left.
    let program: FilePath?
    let views = ViewCount()

    /// Opens `home` after joining branches for a try beside it.
    public init(home: FilePath, options: DriverOptions) throws {
        let settings = try Settings(options)
        let isNew = !isFolder(home)
        let place = isNew ? home.removingLastComponent() : home
        backing = try FileSystemType(of: place)
        try Union.clean(place, settings.findProgram())
        union = try Union(settings, in: place)
        program = settings.findProgram()
        self.home = home
        do {
            for folder in [home] + ["layers", "diff", "mnt"].map({ home.appending($0) }) {
                try makeFolders(folder, mode: FilePermissions(rawValue: 0o710))
            }
            for folder in [".work", ".overlay", ".names"].map({ home.appending($0) }) {
                try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
            }
            try cleanUp()
            try sealParents()
        } catch {
            if isNew { try? removeTree(home) }  // a home that stays would count as data; the first error is the one
            throw error
        }
    }

    /// Makes the layer's folders, then its list of ancestors in one step: from then on it exists.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        if let key = options.storage.keys.min() {
            let reason = "--storage-opt is not supported for aufs: its layers have no limit of their own"
            throw DriverError.invalidOption(driver: Self.name, key: key, reason: reason)
        }
        try Self.requireName(id)
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        let above = try parent.map { [$0] + (try ancestors(of: $0)) } ?? []
        guard above.count < Self.mostBranches else {
            throw DriverError.tooDeep(driver: Self.name, limit: Self.mostBranches)
        }
        do {
            try deleteFiles(of: id)  // what a killed `create` left
            for area in ["mnt", "diff"] { try makeFolder(home.appending(area).appending(id.description), 0o755) }
            if !options.isWritable { seal(id) }
            if let parent {
                try copyRoot(of: parent, to: id)
                // Before its child can be seen, so nobody ever writes below a child.
                try seal(parent: parent)
            }
            try writeAncestors(above, of: id)
        } catch {
            try? deleteFiles(of: id)  // the first error is the one to report; `remove` tries again
            throw error
        }
    }

    /// Ends the layer's existence, then deletes its files: another start finds what a cut leaves by its name.
    public func remove(_ id: LayerID) throws {
        if views.isOpen(id) { throw SystemError("remove layer \(id): it is open; close it first", .resourceBusy) }
        do { try sys("delete \(list(id))") { unlink(list(id).string) } } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
        }
        try end(id)
        try deleteFiles(of: id)
    }

    /// Whether the layer's list of ancestors is there.
    public func contains(_ id: LayerID) -> Bool { exists(list(id)) }

    /// A layer without ancestors is its branch; any other is joined with them.
    public func open(_ id: LayerID) throws -> LayerView {
        let above = try ancestors(of: id)
        guard isFolder(branch(id)) else {
            throw DriverError.damaged(driver: Self.name, branch(id), reason: "it is missing; fetch the image again")
        }
        if above.isEmpty, !isSealed(id) { return .folder(branch(id)) }
        return try views.open(id) { try show(id, over: above) }
    }

    /// The last one unmounts, and leaves a branch that aufs reads.
    public func close(_ id: LayerID) throws {
        try views.close(id) { try end(id) }
    }

    /// What `docker info` shows: Docker's keys, and who joins the branches.
    public var status: [(key: String, value: String)] {
        let count = (try? listFolder(home.appending("layers")).count) ?? 0  // what can't be listed can't be counted
        return [
            ("Root Dir", home.string), ("Backing Filesystem", "\(backing)"), ("Dirs", "\(count)"),
            ("Dirperm1 Supported", "\(union.hasDirperm1)"), ("Union", "\(union)"),
        ]
    }

    /// A layer's tar goes into its own branch, whatever is below; what changed is compared byte for byte.
    public var capabilities: Capabilities { [.independentApply, .exactChanges] }
}
