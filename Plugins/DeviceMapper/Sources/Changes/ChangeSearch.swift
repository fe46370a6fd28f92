import Archive
import Glibc
import Linux
import SystemPackage

/// Finds where two mounted trees may differ whose file systems lie on devices with the same blocks but for some.
///
/// An inode outside of these is the same in both. A folder whose inode is the same has the same entries; so a file
/// that came, went or was replaced shows in a folder that changed, and such a folder is found by its number. What
/// remains is a file that changed where it is: its folder did not, and is looked for, from the nearest inodes on.
struct ChangeSearch {
    /// One of the two: its device, its inodes and its tree.
    final class Side {
        let device: RawDevice
        let layout: any InodeLayout
        let root: OwnedDescriptor

        /// `tree` is a folder of the mounted file system.
        init(device path: FilePath, _ fileSystem: FileSystem, tree: FilePath) throws {
            let device = try RawDevice(path)
            self.device = device
            layout =
                switch fileSystem {
                case .ext4: try Ext4Inodes(device)
                case .xfs: try XFSInodes(device)
                }
            root = OwnedDescriptor(
                try sys("open \(tree)") { open(tree.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            )
        }
    }

    let new: Side
    let old: Side
    let runs: [InodeRun]
    let inodes: InodeDifferences

    /// Compares the inodes in `ranges`, which are sorted bytes of both devices.
    init(_ new: Side, _ old: Side, ranges: [Range<UInt64>]) throws {
        runs = try new.layout.runs(new.root.rawValue)
        inodes = try InodeDifferences(new, old, runs, ranges)
        self.new = new
        self.old = old
    }

    /// Where the trees may differ.
    func touched() throws -> Touched {
        try requireSameRoot()
        var places = try TouchedPlaces(below: new.root.rawValue)
        var folders: [(inode: Inode, touched: Touched)] = []
        for inode in inodes.kept where inode.isFolder {
            let folder = OwnedDescriptor(try new.layout.open(inode, new.root.rawValue))
            guard let path = try places.path(of: folder.rawValue) else { continue }
            folders.append((inode, places.folder(at: path)))
        }
        var names = NameSearch(inodes)
        try names.find(in: new, runs, &places)
        // At last, since what differs here counts more than the way to what is below.
        for folder in folders { try fill(folder.touched, folder.inode) }
        return places.root
    }

    private func requireSameRoot() throws {
        let (number, other) = (try Self.number(of: new.root.rawValue), try Self.number(of: old.root.rawValue))
        guard number == other, !inodes.changed.contains(number) || inodes.isKept(number) else {
            throw Unsuited("the layers' root folders are not the same")
        }
    }

    private static func number(of folder: CInt) throws -> UInt64 {
        var status = stat()
        try sys("look at a folder") { fstat(folder, &status) }
        return UInt64(status.st_ino)
    }

    /// Notes what differs between the entries of a folder that is in both trees.
    private func fill(_ touched: Touched, _ inode: Inode) throws {
        let (now, before) = (try Self.entries(of: inode, new), try Self.entries(of: inode, old))
        for (name, number) in now {
            guard number == before[name], !inodes.changed.contains(number) || inodes.isKept(number) else {
                touched.below[name] = Touched()
                continue
            }
            if inodes.changed.contains(number) { _ = TouchedPlaces.same(name, in: touched) }
        }
        for name in before.keys where now[name] == nil { touched.below[name] = Touched() }
    }

    private static func entries(of inode: Inode, _ side: Side) throws -> [FileName: UInt64] {
        let folder = OwnedDescriptor(try side.layout.open(inode, side.root.rawValue))
        var found: [FileName: UInt64] = [:]
        try forEachEntry(of: folder.rawValue, "inode \(inode.number)") { found[FileName($0)] = $1 }
        return found
    }
}
