// Stacks layers with overlayfs, in the folders and files of Docker's `overlay2`, so that either opens what the other made:
//
//     overlay2/                 0710
//       l/                      0700
//         <26 characters> -> ../<id>/diff      a short name, so that 128 of them fit in a page
//       <id>/                   0710
//         diff/                 0755  the layer's own files, as overlayfs keeps them in an upper directory
//         link                  0644  the short name
//         lower                 0644  `l/<parent>:l/<grandparent>:…`, the nearest first; only with a parent
//         work/                 0700  overlayfs's own; only with a parent
//         committed             0600  empty: the layer has a child, so nobody writes to it any more
//       .<id>.new, .<id>.gone         a layer half made or half deleted when the power went; `remove` deletes them
//       backingFsBlockDev       0600  the disk's device node; only with quotas on a kernel before 5.14
//
// A layer with a size has a project (quota) of its own: its folder, and so all in it. The kernel knows the rest.

import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

/// Docker's `overlay2` storage driver.
public struct Overlay2: GraphDriver {
    /// `overlay2`.
    public static let name = "overlay2"
    /// Most parents a layer can have: Docker's limit, which keeps the joined options within a page.
    static let depth = 128

    let home: FilePath
    let support: OverlaySupport
    let sizes: LayerSizes

    /// Opens `home` after trying a real overlay beside it.
    public init(home: FilePath, options: DriverOptions) throws {
        // Docker 20.10 reads the ignored one and does nothing with it.
        let ignored: Set = ["overlay2.override_kernel_check"]
        let size = try LayerSizes.Option("overlay2.size", of: Self.name, in: options, ignored: ignored)
        let isNew = !isFolder(home)
        support = try OverlaySupport(in: isNew ? home.removingLastComponent() : home, for: Self.name)
        try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
        self.home = home
        do {
            sizes = try LayerSizes(size, in: home, node: home.appending("backingFsBlockDev"))
            try makeFolders(home.appending("l"), mode: FilePermissions(rawValue: 0o700))
            try restoreLinks()
        } catch {
            if isNew { try? removeTree(home) }  // a home that stays would count as data; the first error is the one
            throw error
        }
    }

    /// Makes the layer aside and renames it in: it is there with all its files or not at all.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        let limit = try sizes.limit(for: options)
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        let lower = try parent.map { try lowerText(forChildOf: $0) }
        let isAside = limit?.allowsRename ?? true
        let place = isAside ? asideNew(id) : folder(id)
        do {
            try fill(place, for: id, lower: lower, options.isWritable, limit)
            // A parent is sealed before its child can be seen, so nobody ever writes below a child.
            if let parent { try touch(folder(parent).appending("committed")) }
            if isAside { try sys("rename \(place) to \(folder(id))") { rename(place.string, folder(id).string) } }
        } catch {
            try? discard(place)  // the first error is the one to report; `remove` tries again
            let taken = (error as? SystemError).map { [.directoryNotEmpty, .fileExists].contains($0.errno) } ?? false
            throw taken && contains(id) ? DriverError.layerExists(driver: Self.name, id) : error
        }
    }

    /// Renames the layer away, then deletes it: it is whole or gone, also when the deletion is cut short.
    public func remove(_ id: LayerID) throws {
        let folder = folder(id)
        try discard(asideNew(id))
        try discard(asideGone(id))
        // Another engine may have left its mount here; where there is none this fails, and should.
        try? unmount(folder.appending("merged"), detach: true)
        do { try sys("rename \(folder) away") { rename(folder.string, asideGone(id).string) } } catch {
            if error.errno == .noSuchFileOrDirectory { return }
            // A full xfs has no room for the new name, and a home with a project lets no other one's folder in: then
            // deleting can't wait until it is out of sight.
            guard [.noSpace, .improperLink].contains(error.errno) else { throw error }
            return try discard(folder)
        }
        try discard(asideGone(id))
    }

    /// Whether the layer's folder is there.
    public func contains(_ id: LayerID) -> Bool { isFolder(folder(id).appending("diff")) }

    /// A layer without parent is its `diff` folder; any other is an overlay, read-only once it has a child.
    public func open(_ id: LayerID) throws -> LayerView {
        let diff = folder(id).appending("diff")
        guard let lower = try lowerLinks(of: id) else {
            guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
            return .folder(diff)
        }
        let shown = try shown(diff, over: lower)
        // An overlay needs two layers at least.
        if shown.isEmpty { return .folder(diff) }
        let lowers = shown.map { "lowerdir+=\(home.appending($0))" }
        let work = folder(id).appending("work")
        let layers =
            exists(folder(id).appending("committed"))
            ? ["ro", "lowerdir+=\(diff)"] + lowers : lowers + ["upperdir=\(diff)", "workdir=\(work)"]
        return .mounts([Mount(type: "overlay", source: "overlay", options: layers + support.options)])
    }

    /// The lower layers that show below `diff`: those under an opaque root don't, but the kernel takes no note of it.
    private func shown(_ diff: FilePath, over lower: [String]) throws -> [String] {
        if try isOpaque(diff) { return [] }
        let last = try lower.firstIndex { try isOpaque(target(ofLink: $0)) }
        return Array(lower[...(last ?? lower.count - 1)])
    }

    private func isOpaque(_ root: FilePath) throws -> Bool {
        try extendedAttribute("trusted.overlay.opaque", at: root) == [UInt8(ascii: "y")]
    }

    /// Where the layer's parts are, in Docker's words; `MergedDir` exists only while somebody mounts there.
    public func metadata(of id: LayerID) throws -> [String: String] {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        let parts = ["MergedDir": "merged", "UpperDir": "diff", "WorkDir": "work"]
        var data = parts.mapValues { folder(id).appending($0).string }
        if let lower = try lowerLinks(of: id) {
            data["LowerDir"] = try lower.map { try target(ofLink: $0).string }.joined(separator: ":")
        }
        return data
    }

    /// What `docker info` shows.
    public var status: [(key: String, value: String)] {
        [
            ("Backing Filesystem", "\(support.backing)"), ("Supports d_type", "true"), ("Using metacopy", "false"),
            ("Native Overlay Diff", "\(support.isDiffNative)"), ("userxattr", "false"),
        ]
    }

    /// A layer's tar goes into its own upper directory, whatever is below, and what was written to is there to be read;
    /// sizes hold where the file system has quotas.
    public var capabilities: Capabilities {
        var found: Capabilities = support.isDiffNative ? [.independentApply, .exactChanges] : []
        if sizes.areKept { found.insert(.quota) }
        return found
    }
}
