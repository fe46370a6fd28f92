// Keeps each layer of an image as one file, an image of the kernel's EROFS, and stacks them with overlayfs:
//
//     erofs/                    0710
//       <id>/                   0710
//         parents               0644  the IDs of the layers below, the nearest first, one a line; only with a parent
//         image                 0600  what the layer's tar brought
//         verity                0600  the image's fs-verity digest, where the file system has that
//         tree/                 0755  where the image is mounted while the daemon runs, once somebody asked for it
//         diff/                 0755  else: the layer's own files, as overlayfs keeps them in an upper directory
//         work/                 0700  overlayfs's own
//         committed             0600  empty: the layer has a child, so nobody writes to it any more
//       .<id>.new, .<id>.gone         a layer half made or half deleted when the power went; `remove` deletes them
//       backingFsBlockDev       0600  the disk's device node; only with quotas on a kernel before 5.14
//
// The layers that containers write to are as overlay2's. All containers of an image see it through the one mount, so what
// one has read is in memory for the others.

import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

/// Images as EROFS files, without unpacking; this project's own storage driver.
public struct EROFS: GraphDriver {
    /// `erofs`.
    public static let name = "erofs"
    /// Most parents a layer can have: as overlay2, so that every image fits both.
    static let depth = 128

    let home: FilePath
    let support: OverlaySupport
    let sizes: LayerSizes
    let images: ImageSupport
    let mounts: ImageMounts

    /// Opens `home` after trying a real overlay and a real image beside it.
    public init(home: FilePath, options: DriverOptions) throws {
        let known: Set<String> = [ImageMount.optionKey]
        let size = try LayerSizes.Option("erofs.size", of: Self.name, in: options, ignored: known)
        let asked = try ImageMount.asked(in: options)
        let isNew = !isFolder(home)
        let place = isNew ? home.removingLastComponent() : home
        support = try OverlaySupport(in: place, for: Self.name)
        images = try ImageSupport(in: place, asked: asked)
        mounts = ImageMounts(images.mount)
        try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
        self.home = home
        do {
            sizes = try LayerSizes(size, in: home, node: home.appending("backingFsBlockDev"))
            try OverlaySupport.clean(home)
            try ImageSupport.clean(home)
        } catch {
            if isNew { try? removeTree(home) }  // a home that stays would count as data; the first error is the one
            throw error
        }
    }

    /// Makes the layer aside and renames it in: it is there with all its files or not at all.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        let limit = try sizes.limit(for: options)
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        let below = try parent.map { try parents(forChildOf: $0) } ?? []
        let isAside = limit?.allowsRename ?? true
        let place = isAside ? asideNew(id) : folder(id)
        do {
            try fill(place, parents: below, options.isWritable, limit)
            // A parent is sealed before its child can be seen, so nobody ever writes below a child.
            if let parent { try touch(folder(parent).appending("committed")) }
            if isAside { try sys("rename \(place) to \(folder(id))") { rename(place.string, folder(id).string) } }
        } catch {
            try? discard(place)  // the first error is the one to report; `remove` tries again
            let taken = (error as? SystemError).map { [.directoryNotEmpty, .fileExists].contains($0.errno) } ?? false
            throw taken && contains(id) ? DriverError.layerExists(driver: Self.name, id) : error
        }
    }

    /// Renames the layer away, then deletes it: of an image that is one file.
    public func remove(_ id: LayerID) throws {
        let folder = folder(id)
        try discard(asideNew(id))
        try discard(asideGone(id))
        try mounts.end(folder)
        do { try sys("rename \(folder) away") { rename(folder.string, asideGone(id).string) } } catch {
            if error.errno == .noSuchFileOrDirectory { return }
            // A full xfs has no room for the new name, and a home with a project lets no other one's folder in: then
            // deleting can't wait until it is out of sight.
            guard [.noSpace, .improperLink].contains(error.errno) else { throw error }
            return try discard(folder)
        }
        try discard(asideGone(id))
    }

    /// Whether the layer's files are there.
    public func contains(_ id: LayerID) -> Bool { isFolder(folder(id).appending("diff")) || hasImage(id) }

    /// A layer without parent is a folder; any other is an overlay, read-only for an image, or once it has a child.
    public func open(_ id: LayerID) throws -> LayerView {
        let own = try ownTree(id)
        let lowers = try isOpaque(own) ? [] : shown(parents(of: id))
        // An overlay needs two layers at least.
        if lowers.isEmpty { return .folder(own) }
        let isFinal = hasImage(id) || exists(folder(id).appending("committed"))
        let work = folder(id).appending("work")
        let layers =
            isFinal
            ? ["ro", "lowerdir+=\(own)"] + lowers.map { "lowerdir+=\($0)" }
            : lowers.map { "lowerdir+=\($0)" } + ["upperdir=\(own)", "workdir=\(work)"]
        return .mounts([Mount(type: "overlay", source: "overlay", options: layers + support.options)])
    }

    /// The trees that show: those under an opaque root don't, but the kernel takes no note of it.
    private func shown(_ parents: [LayerID]) throws -> [FilePath] {
        var shown: [FilePath] = []
        for parent in parents {
            shown.append(try ownTree(parent))
            if try isOpaque(shown[shown.count - 1]) { break }
        }
        return shown
    }

    private func isOpaque(_ root: FilePath) throws -> Bool {
        try extendedAttribute("trusted.overlay.opaque", at: root) == [UInt8(ascii: "y")]
    }

    /// Takes the images' mounts away; running containers keep theirs.
    public func release() throws {
        for name in try listFolder(home) { if let id = LayerID(name) { try mounts.end(folder(id)) } }
    }

    /// Where the layer's parts are, in the words of overlay2; `Image` is an image's file.
    public func metadata(of id: LayerID) throws -> [String: String] {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        let below = try parents(of: id)
        var data = ["UpperDir": treePath(id).string]
        if hasImage(id) { data["Image"] = folder(id).appending("image").string }
        if !below.isEmpty { data["LowerDir"] = below.map { treePath($0).string }.joined(separator: ":") }
        return data
    }

    /// What `docker info` shows.
    public var status: [(key: String, value: String)] {
        [
            ("Backing Filesystem", "\(support.backing)"), ("Native Overlay Diff", "\(support.isDiffNative)"),
            ("Images Mounted By", images.mount.rawValue),
            ("Images Sealed By", images.isSealed ? "fs-verity" : "nothing"),
        ]
    }

    /// A layer's tar goes into an image of its own, whatever is below, and what was written to is there to be read;
    /// sizes hold where the file system has quotas.
    public var capabilities: Capabilities {
        var found: Capabilities = support.isDiffNative ? [.independentApply, .exactChanges] : []
        if sizes.areKept { found.insert(.quota) }
        return found
    }
}
