// What changed since the parent, from what differs in the pool: a child begins with all of its parent's blocks, and
// has others where it was written to. Only the inodes in those are looked at. Where that can't be known for sure the
// trees are compared.

public import Archive
import Glibc
public import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// Looks at the inodes in the blocks that differ, and at nothing else.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        try changes(in: id, since: parent) { new, old, _ in try compareTrees(new, old) }
    }

    /// The same, but that `compare` gets the two trees, and the reason, where the blocks can't tell.
    func changes(
        in id: LayerID,
        since parent: LayerID?,
        otherwise compare: (FilePath, FilePath, any Error) throws -> [Change]
    ) throws -> [Change] {
        guard let parent else { return try changesByComparison(in: id, since: nil) }
        return try withQuietTree(of: id) { new in
            try withQuietTree(of: parent) { old in
                do { return try changesInBlocks(of: (id, new), since: (parent, old)) } catch {
                    // Whatever it was: comparing needs nothing of it.
                    return try compare(new, old, error)
                }
            }
        }
    }

    /// As `withTree`, but that reading is not noted in access times: each would give the layer a block of its own.
    private func withQuietTree<Result>(of id: LayerID, _ body: (FilePath) throws -> Result) throws -> Result {
        var view = try open(id)
        if case .mounts(let mounts) = view {
            view = .mounts(
                mounts.map { mount in
                    var quiet = mount
                    quiet.options.removeAll { $0 == "strictatime" }
                    quiet.options.append("noatime")
                    return quiet
                }
            )
        }
        let result: Result
        do { result = try GraphDrivers.withTree(view, body) } catch {
            try? close(id)  // the first error is the one to report
            throw error
        }
        try close(id)
        return result
    }

    /// The changes between two layers whose trees are mounted; throws where the blocks can't tell.
    func changesInBlocks(
        of new: (id: LayerID, tree: FilePath),
        since old: (id: LayerID, tree: FilePath)
    ) throws -> [Change] {
        for tree in [new.tree, old.tree] {
            try fileSystem.settle(tree) { body in try shared.exclusively { _ in try body() } }
        }
        let ranges = try differingRanges(new.id, since: old.id)
        let search = try ChangeSearch(side(new.id, new.tree), side(old.id, old.tree), ranges: ranges)
        var linked: Set<UInt64> = []  // all names were found
        guard let found = try compareTrees(new.tree, old.tree, onlyAt: search.touched(), linked: &linked) else {
            throw Unsuited("layer \(new.id) changed while it was looked at")
        }
        return found
    }

    private func side(_ id: LayerID, _ tree: FilePath) throws -> ChangeSearch.Side {
        try ChangeSearch.Side(device: Control.node(pool.device(id)), fileSystem, tree: tree)
    }

    /// The parts of both devices, in bytes and sorted, that are not the same blocks of the pool.
    private func differingRanges(_ new: LayerID, since old: LayerID) throws -> [Range<UInt64>] {
        let (one, other) = (try deviceID(of: new), try deviceID(of: old))
        let size = UInt64(try poolBlockSize())
        let blocks = try withMetadataSnapshot { root in
            let metadata = try PoolMetadata(RawDevice(metadataDevice()), root: root)
            let (child, parent) = (try metadata.details(of: one), try metadata.details(of: other))
            // What two siblings wrote in the same moment can look the same. A parent was copied, and before the child
            // was: no proof, since a sibling with children was as well, but the store asks for no siblings.
            guard parent.created < parent.snapshotted, parent.created < child.created else {
                throw Unsuited("layer \(new) does not come from layer \(old)")
            }
            return try metadata.differingBlocks(one, other)
        }
        var ranges: [Range<UInt64>] = []
        for block in blocks {
            guard let last = ranges.last, last.upperBound == block * size else {
                ranges.append(block * size..<(block + 1) * size)
                continue
            }
            ranges[ranges.count - 1] = last.lowerBound..<last.upperBound + size
        }
        return ranges
    }
}
