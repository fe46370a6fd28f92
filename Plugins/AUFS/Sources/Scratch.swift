import Glibc
import Linux
import SystemPackage

/// A folder to try unions in, gone afterwards.
struct Scratch {
    /// Says what it is: a later start deletes those whose lock nobody holds.
    static let prefix = ".check-aufs-"

    let path: FilePath
    private var mountPoint: FilePath { path.appending("mnt") }
    private var work: FilePath { path.appending("work") }

    init(_ place: FilePath) { path = place.appending("\(Self.prefix)\(randomHex(bytes: 8))") }
    init(at path: FilePath) { self.path = path }

    /// Two branches with a file each, the upper one with a whiteout for the other's; no start deletes them while the
    /// lock is held.
    func make() throws(SystemError) -> FolderLock {
        try sys("make folder \(path)") { mkdir(path.string, 0o755) }
        let lock = try FolderLock(path)
        guard try lock.take() else { throw SystemError("lock \(path)", .wouldBlock) }
        for folder in ["low", "high", "top", "mnt", "work", "work/overlay", "masks"] {
            let folder = path.appending(folder)
            try sys("make folder \(folder)") { mkdir(folder.string, 0o755) }
        }
        for file in ["low/hidden", "low/shown", "high/.wh.hidden"] {
            let file = path.appending(file)
            _ = OwnedDescriptor(try sys("make \(file)") { open(file.string, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) })
        }
        return lock
    }

    /// Joins the two branches with overlayfs, and deletes the file that shows.
    func tryOverlay(_ options: [String]) throws {
        // It would keep our notes as its own, and show none of them.
        if try FileSystemType(of: path) == .overlay {
            throw SystemError("\(path) is on an overlay itself", .invalidArgument)
        }
        try buildMasks(of: path.appending("high"), in: path.appending("masks"))
        try setExtendedAttribute("trusted.overlay.opaque", [UInt8(ascii: "y")], at: path.appending("masks"))
        let lowers = ["masks/over", "high", "low"].map { "lowerdir+=\(path.appending($0))" }
        let own = ["upperdir=\(path.appending("top"))", "workdir=\(work.appending("overlay"))"]
        let tree = try DetachedTree([Mount(type: "overlay", source: "overlay", options: lowers + own + options)])
        try expectShown(in: tree.path, by: "overlayfs")
        let file = tree.path.appending("shown")
        try sys("delete a file of a lower branch") { unlink(file.string) }
        var status = stat()
        try sys("look at overlayfs's whiteout") { lstat(path.appending("top/shown").string, &status) }
    }

    /// Joins the two branches with fuse-overlayfs.
    func tryFuse(_ server: FuseServer) throws {
        let lock = try FolderLock(work)
        guard try lock.take() else { throw SystemError("lock \(work)", .wouldBlock) }
        try server.mount("lowerdir=high:low", from: path, at: mountPoint, holding: lock)
        try expectShown(in: mountPoint, by: "fuse-overlayfs")
    }

    private func expectShown(in tree: FilePath, by what: String) throws {
        let names = try listFolder(tree)
        if names != ["shown"] { throw SystemError("join branches: \(what) shows \(names)", .invalidArgument) }
    }

    /// Unmounts and deletes all; what stays is deleted by the next start.
    func delete(_ program: FilePath?) {
        guard isFolder(path) else { return }
        // Whether a folder is there can't be asked where a server is gone.
        do { try unmountAll(mountPoint) } catch { return }
        do {
            if isFolder(work) { guard try FuseServer.end(holding: work, program) != nil else { return } }
            try removeTree(path)
        } catch {}  // as said
    }
}
