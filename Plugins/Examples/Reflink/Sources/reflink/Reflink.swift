// Each layer is a whole tree whose files share their blocks with the parent's (man 2 ioctl_ficlone): a copy takes no room
// and no time for what is in the files, only for their names. Where vfs would quietly copy everything, this refuses.
//
//     reflink/
//       <id>/                  the tree
//       .<id>.new, .<id>.gone  half made or half deleted when somebody pulled the plug; `remove` deletes them

import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

struct Reflink: GraphDriver {
    static let name = "reflink"
    let home: FilePath

    init(home: FilePath, options: DriverOptions) throws {
        for (key, _) in options.values { throw DriverError.unknownOption(driver: Self.name, key: key) }
        let isNew = !isFolder(home)
        try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
        do { try Self.tryClone(in: home) } catch {
            if isNew { rmdir(home.string) }  // a refused start leaves nothing
            throw error
        }
        self.home = home
    }

    /// Copies aside and renames in: the layer is whole or not there.
    func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        for (key, _) in options.storage { throw DriverError.unknownOption(driver: Self.name, key: key) }
        if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
        if let parent, !contains(parent) { throw DriverError.noSuchLayer(driver: Self.name, parent) }
        let new = aside(id, "new")
        try removeTree(new)
        do {
            try sys("make \(new)") { mkdir(new.string, 0o755) }
            try sys("set the mode of \(new)") { chmod(new.string, 0o755) }  // whatever the umask
            if let parent { try copyTree(folder(parent), to: new) }  // clones where the file system can
            try sys("rename \(new) to \(folder(id))") { rename(new.string, folder(id).string) }
        } catch {
            try? removeTree(new)  // the first error is the one to report; `remove` tries again
            throw error
        }
    }

    /// Renames away, then deletes: the layer is whole or gone, however far the deletion came.
    func remove(_ id: LayerID) throws {
        let gone = aside(id, "gone")
        for half in [aside(id, "new"), gone] { try removeTree(half) }
        guard contains(id) else { return }
        // A container may have made its root immutable, or the disk full: then it is deleted where it is.
        try removeTree(rename(folder(id).string, gone.string) == 0 ? gone : folder(id))
    }

    func contains(_ id: LayerID) -> Bool { isFolder(folder(id)) }

    func open(_ id: LayerID) throws -> LayerView {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        return .folder(folder(id))
    }

    private func folder(_ id: LayerID) -> FilePath { home.appending("\(id)") }
    private func aside(_ id: LayerID, _ state: String) -> FilePath { home.appending(".\(id).\(state)") }

    /// Shares the blocks of one small file with another, or says that this host can't.
    private static func tryClone(in home: FilePath) throws {
        let from = home.appending(".try-from"), to = home.appending(".try-to")
        defer { for file in [from, to] { unlink(file.string) } }
        try writeAtomically([1], to: from, mode: .ownerReadWrite, flush: false)
        let source = Glibc.open(from.string, O_RDONLY | O_CLOEXEC)
        let target = Glibc.open(to.string, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { for file in [source, target] { Glibc.close(file) } }
        let ficlone: UInt = 0x4004_9409  // linux/fs.h
        guard source >= 0, target >= 0, ioctl(target, ficlone, source) == 0 else {
            throw DriverError.unsupported(
                driver: name,
                reason: "the file system of \(home) does not share blocks (FICLONE: errno \(errno))",
                remedy: "use xfs (mkfs.xfs -m reflink=1) or btrfs"
            )
        }
    }
}
