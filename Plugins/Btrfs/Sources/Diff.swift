public import Archive
import CLinux
import Glibc
public import GraphDrivers
import Linux
import SystemPackage

// What changed is asked of the kernel: it compares the two subvolumes' trees block by block, and skips what they share.
// So the time it takes depends on what changed, not on what is there. Where it can't tell, the files are compared.

extension Btrfs {
    /// Asks the kernel which files to look at, and compares those.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        try withChanges(in: id, since: parent) { changes, _ in changes }
    }

    /// Writes what changed as a layer tar, read from a snapshot.
    public func diff(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws {
        try withChanges(in: id, since: parent) { try writeLayer(changes: $0, of: $1, to: sink) }
    }

    /// The sum of the sizes of the added and modified files, each inode once.
    public func size(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        try withChanges(in: id, since: parent) { try sizeOfFiles(in: $1, $0) }
    }

    /// Calls `body` with what changed and a tree that has it.
    private func withChanges<Result>(
        in id: LayerID,
        since parent: LayerID?,
        _ body: ([Change], FilePath) throws -> Result
    ) throws -> Result {
        if let parent, let newer = try? Comparison(of: id, since: parent, self), let changes = newer.changes() {
            return try withExtendedLifetime(newer) { try body(changes, newer.tree) }
        }
        let changes = try changesByComparison(in: id, since: parent)
        return try withTree(of: id) { try body(changes, $0) }
    }

    /// What the kernel says, or nil where it can't tell: to be compared with `changesByComparison`.
    package func changesByStream(in id: LayerID, since parent: LayerID) throws -> [Change]? {
        try Comparison(of: id, since: parent, self)?.streamedChanges()
    }
}

/// Two layers, frozen.
private final class Comparison {
    private let older: Snapshot
    private let newer: Snapshot
    var tree: FilePath { newer.path }

    /// Nil where the kernel can't tell what a comparison of the layers' trees would.
    init?(of id: LayerID, since parent: LayerID, _ driver: Btrfs) throws {
        guard try driver.isSnapshot(id, of: parent), try !driver.quotas.isLiftedBySnapshot(id) else { return nil }
        newer = try Snapshot(of: id, driver)
        older = try Snapshot(of: parent, driver)
        // In a snapshot subvolumes are empty folders, while the layers show what is in them.
        for layer in [id, parent] where try driver.hasNested(layer) { return nil }
    }

    /// Nil where anything fails: then the trees are compared.
    func changes() -> [Change]? { try? streamedChanges() }

    func streamedChanges() throws -> [Change]? {
        guard var replay = try replayStream(from: older, to: newer) else { return nil }
        var linked: Set<UInt64> = []
        let found = try compareTrees(newer.path, older.path, onlyAt: replay.touched(), linked: &linked)
        if found == nil || linked.isEmpty { return found }
        // The stream changes a file under one of its names: now under all of them.
        for inode in linked { guard try nameAll(inode, in: &replay) else { return nil } }
        return try compareTrees(newer.path, older.path, onlyAt: replay.touched(), linked: &linked)
    }

    /// Touches a file under all its names in the newer tree; false where there are too many.
    private func nameAll(_ inode: UInt64, in replay: inout Replay) throws -> Bool {
        var paths = [CChar](repeating: 0, count: 4096)
        var count: CInt = 0
        do {
            count = try sys("find the names of inode \(inode)") {
                linux_btrfs_paths(newer.root.rawValue, inode, &paths)
            }
        } catch {
            guard error.errno == Errno(rawValue: EOVERFLOW) else { throw error }
            return false
        }
        try paths.withUnsafeBufferPointer { paths throws(Replay.Nonsense) in
            guard var path = paths.baseAddress else { return }
            for _ in 0..<count {
                try replay.change(path)
                path += strlen(path) + 1
            }
        }
        return true
    }
}

extension Btrfs {
    /// Whether the layer was made on the parent as it is there: then they share all that did not change.
    fileprivate func isSnapshot(_ id: LayerID, of parent: LayerID) throws -> Bool {
        let (layer, source) = (try describe(id), try describe(parent))
        return withUnsafeBytes(of: layer.parent_uuid) { child in
            withUnsafeBytes(of: source.uuid) { child.elementsEqual($0) }
        }
    }

    fileprivate func hasNested(_ id: LayerID) throws -> Bool {
        let root = try openFolder(folder(id))
        return try nested(in: try describe(id).id, root.rawValue) != nil
    }

    private func describe(_ id: LayerID) throws -> linux_btrfs_subvolume {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        let root = try openFolder(folder(id))
        var found = linux_btrfs_subvolume()
        try sys("look at subvolume \(folder(id))") { linux_btrfs_describe(root.rawValue, &found) }
        return found
    }
}
