public import Archive
import Glibc
import Linux
public import SystemPackage

// What a driver gets for nothing: everything that follows from comparing the trees that `open` shows. A driver that
// knows better overrides it; the same checks then hold both.

extension GraphDriver {
    /// The name of its type.
    public var name: String { Self.name }

    /// Nothing to end: right for drivers whose `open` takes nothing.
    public func close(_ id: LayerID) throws {}

    /// Nothing to give back: right for drivers that have only their home.
    public func release() throws {}

    /// Shows both trees and compares them, file by file.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        try changesByComparison(in: id, since: parent)
    }

    /// Compares the trees and writes what differs.
    public func diff(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws {
        try diffByComparison(of: id, since: parent, to: sink)
    }

    /// Unpacks into the tree that `open` shows; whiteouts delete there.
    public func apply(
        _ tar: any ByteSource,
        to id: LayerID,
        parent: LayerID?,
        limits: ArchiveLimits
    ) throws -> Int64 {
        try applyToView(tar, to: id, limits: limits)
    }

    /// The sum of the sizes of the added and modified files, each inode once.
    public func size(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        try sizeByComparison(of: id, since: parent)
    }

    /// Nothing to show.
    public func metadata(of id: LayerID) throws -> [String: String] { [:] }
    /// Nothing to show.
    public var status: [(key: String, value: String)] { [] }
    /// No optional promise.
    public var capabilities: Capabilities { [] }
}

// The same under names of their own, for a driver that does better only sometimes.
extension GraphDriver {
    /// Shows both trees and compares them, file by file.
    public func changesByComparison(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        try withTree(of: id) { tree in
            guard let parent else { return try compareTrees(tree, nil) }
            return try withTree(of: parent) { try compareTrees(tree, $0) }
        }
    }

    /// Compares the trees and writes what differs.
    public func diffByComparison(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws {
        let changes = try changes(in: id, since: parent)
        try withTree(of: id) { try writeLayer(changes: changes, of: $0, to: sink) }
    }

    /// Unpacks a layer tar into the tree that `open` shows; whiteouts delete there.
    public func applyToView(_ tar: any ByteSource, to id: LayerID, limits: ArchiveLimits) throws -> Int64 {
        try withTree(of: id) { try extractLayer(tar, into: $0, whiteouts: .applied, limits: limits) }
    }

    /// Sums up the sizes of what `changes` lists.
    public func sizeByComparison(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        let changes = try changes(in: id, since: parent)
        return try withTree(of: id) { try sizeOfFiles(in: $0, changes) }
    }

    /// Opens `id`, shows its tree to `body` by a path that only this process can use, and closes it again.
    public func withTree<Result>(of id: LayerID, _ body: (FilePath) throws -> Result) throws -> Result {
        let view = try open(id)
        let result: Result
        do { result = try GraphDrivers.withTree(view, body) } catch {
            try? close(id)  // the first error is the one to report
            throw error
        }
        try close(id)
        return result
    }
}

/// Sums up the sizes of the files in `tree` that `changes` lists, each inode once.
///
/// A container may be writing there: what is gone since the comparison takes nothing.
public func sizeOfFiles(in tree: FilePath, _ changes: [Change]) throws -> Int64 {
    var seen: Set<UInt64> = []
    var sum: Int64 = 0
    for change in changes where change.kind != .deleted {
        var status = stat()
        let path = tree.pushing(FilePath(root: nil, change.path.components))
        do { try sys("look at \(path)") { path.withPlatformString { lstat($0, &status) } } } catch {
            if error.saysNoFolder { continue }
            throw error
        }
        if status.st_mode & S_IFMT == S_IFDIR { continue }
        if status.st_nlink > 1, !seen.insert(UInt64(status.st_ino)).inserted { continue }
        sum += Int64(status.st_size)
    }
    return sum
}

/// Makes a view's mounts, runs `body` on the tree, and takes the mounts away.
///
/// With no folder to mount at, no folder shows the tree: `body` gets a path that works in this process only, and a kill
/// leaves nothing mounted.
public func withTree<Result>(
    _ view: LayerView,
    at folder: FilePath? = nil,
    _ body: (FilePath) throws -> Result
) throws -> Result {
    switch (view, folder) {
    case (.folder(let path), _): return try body(path)
    case (.mounts(let mounts), nil):
        let tree = try DetachedTree(mounts)
        return try body(tree.path)
    case (.mounts(let mounts), let folder?):
        try mountTree(mounts, at: folder)
        // Detached, since a reader may still be below it; the lowest mount takes the others along.
        defer { try? unmount(folder, detach: true) }
        return try body(folder)
    }
}
