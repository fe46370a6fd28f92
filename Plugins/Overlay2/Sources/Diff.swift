public import Archive
public import GraphDrivers
import SystemPackage

// What changed since the parent is what the upper directory holds: nothing else is read. That is right only for the
// layer's own parent and where the kernel leaves no redirects; else the two trees are compared.

extension Overlay2 {
    /// Reads the upper directory, and asks the parent's tree which of its files are new.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        guard let parent, try isNative(id, since: parent) else { return try changesByComparison(in: id, since: parent) }
        let found = try withTree(of: parent) { try compareUpper(folder(id).appending("diff"), $0) }
        return try found ?? changesByComparison(in: id, since: parent)
    }

    /// Unpacks into the upper directory, with overlayfs's whiteouts; without a parent there is nothing to white out.
    public func apply(
        _ tar: any ByteSource,
        to id: LayerID,
        parent: LayerID?,
        limits: ArchiveLimits
    ) throws -> Int64 {
        guard try isNative(id, since: parent) else {
            return try applyToView(tar, to: id, limits: limits)
        }
        let style: WhiteoutStyle = parent == nil ? .applied : .overlay
        return try extractLayer(tar, into: folder(id).appending("diff"), whiteouts: style, limits: limits)
    }

    /// The sum of the sizes of the files in the upper directory, each inode once.
    public func size(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        guard try isNative(id, since: parent) else { return try sizeByComparison(of: id, since: parent) }
        return try diskUsage(of: folder(id).appending("diff"))
    }

    private func isNative(_ id: LayerID, since parent: LayerID?) throws -> Bool {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        let lower = try lowerLinks(of: id)
        guard let parent else { return lower == nil }
        guard support.isDiffNative, let nearest = lower?.first, contains(parent) else { return false }
        return try nearest == "l/" + readLink(in: folder(parent))
    }
}
