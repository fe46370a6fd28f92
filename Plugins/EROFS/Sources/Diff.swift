public import Archive
import Glibc
public import GraphDrivers
import Linux
import SystemPackage

// What changed since the parent is what the upper directory holds, or the image: nothing else is read. That is right only
// for the layer's own parent and where the kernel leaves no redirects; else the two trees are compared.

extension EROFS {
    /// Reads the layer's own tree, and asks the parent's which of its files are new.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        guard let parent, try isNative(id, since: parent) else { return try changesByComparison(in: id, since: parent) }
        let own = try ownTree(id)
        let found = try withTree(of: parent) { try compareUpper(own, $0) }
        return try found ?? changesByComparison(in: id, since: parent)
    }

    /// Writes a layer of an image as one file; what containers will write to is unpacked.
    public func apply(
        _ tar: any ByteSource,
        to id: LayerID,
        parent: LayerID?,
        limits: ArchiveLimits
    ) throws -> Int64 {
        guard try isNative(id, since: parent) else { return try applyToView(tar, to: id, limits: limits) }
        let (folder, isFirst) = (folder(id), parent == nil)
        guard isFolder(folder.appending("tree")) else {
            let style: WhiteoutStyle = isFirst ? .applied : .overlay
            return try extractLayer(tar, into: folder.appending("diff"), whiteouts: style, limits: limits)
        }
        let (new, image) = (folder.appending("image.new"), folder.appending("image"))
        let size = try writeImage(of: tar, to: new, isFirst: isFirst, limits: limits)
        if images.isSealed, let digest = try ImageSeal.seal(new) {
            let record = folder.appending("verity")
            try writeFile(Array("\(digest)\n".utf8), to: record, mode: FilePermissions(rawValue: 0o600))
        }
        try sys("rename \(new) to \(image)") { rename(new.string, image.string) }
        // From here on it is the image that counts; what stays of these harms nothing.
        rmdir(folder.appending("diff").string)
        rmdir(folder.appending("work").string)
        return size
    }

    /// The sum of the sizes of the layer's own files, each inode once.
    public func size(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        guard try isNative(id, since: parent) else { return try sizeByComparison(of: id, since: parent) }
        return try diskUsage(of: ownTree(id))
    }

    private func isNative(_ id: LayerID, since parent: LayerID?) throws -> Bool {
        guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        let nearest = try parents(of: id).first
        guard let parent else { return nearest == nil }
        return support.isDiffNative && nearest == parent && contains(parent)
    }
}
