public import Archive
public import GraphDrivers
import Linux
import SystemPackage

// What changed since the parent is what the layer's own branch holds, whoever writes to it now; the parent's branches are
// read where they lie, and nothing is mounted. That is right only for the layer's own parent; else two trees are compared.

extension AUFS {
    /// Reads the layer's branch, and looks up in those below which of its files are new.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        guard try isNative(id, since: parent) else { return try changesByComparison(in: id, since: parent) }
        // Without ancestors it is shown as it is, so its container may have made files of any name.
        let isShownAsIs = parent == nil && !isSealed(id)
        let hasNotes = !isShownAsIs && !isOverlay(id)
        return try compareBranch(branch(id), ancestors(of: id).map { branch($0) }, hasNotes: hasNotes)
    }

    /// Writes what changed, from the layer's branch.
    public func diff(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws {
        guard try isNative(id, since: parent) else { return try diffByComparison(of: id, since: parent, to: sink) }
        try writeLayer(changes: changes(in: id, since: parent), of: branch(id), to: sink)
    }

    /// Unpacks into the layer's branch, where whiteouts stay files; without a parent there is nothing to white out.
    public func apply(
        _ tar: any ByteSource,
        to id: LayerID,
        parent: LayerID?,
        limits: ArchiveLimits
    ) throws -> Int64 {
        guard try isNative(id, since: parent) else { return try applyToView(tar, to: id, limits: limits) }
        return try extractLayer(tar, into: branch(id), whiteouts: parent == nil ? .applied : .aufs, limits: limits)
    }

    /// The sum of the sizes of the files in the layer's branch, each inode once.
    public func size(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        guard try isNative(id, since: parent) else { return try sizeByComparison(of: id, since: parent) }
        return try diskUsage(of: branch(id), isBranch: true)
    }

    /// Whether the branch alone tells the difference; then it is whole, with all that was written so far.
    private func isNative(_ id: LayerID, since parent: LayerID?) throws -> Bool {
        guard try ancestors(of: id).first == parent else { return false }
        try flush(id)
        return true
    }
}
