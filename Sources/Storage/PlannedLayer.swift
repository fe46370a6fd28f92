package import Archive
package import OCI

/// One layer of an image that is to come in.
package struct PlannedLayer: Sendable {
    /// What errors call it.
    let name: String
    /// Of the bytes that come, compressed or not.
    let size: Int64
    /// What the image's configuration says that it is.
    package let diff: DiffID
    /// The digest of the bytes that come, where that was proved, or will be.
    package let blob: Digest?
    /// Gives them, from the first.
    let open: @Sendable () throws -> any ByteSource

    /// A blob that comes from elsewhere; `open` may be called before there is a byte of it.
    package init(blob: Descriptor, diff: DiffID, open: @escaping @Sendable () throws -> any ByteSource) {
        name = "\(blob.digest)"
        size = blob.size
        self.diff = diff
        self.blob = blob.digest
        self.open = open
    }

    /// A member of an archive; `isBlob`: its digest was named by a descriptor, and held.
    init(_ member: Spool.Member, of spool: Spool, _ diff: DiffID, isBlob: Bool) {
        name = member.name
        size = member.size
        self.diff = diff
        blob = isBlob ? member.digest : nil
        open = { spool.source(of: member) }
    }
}
