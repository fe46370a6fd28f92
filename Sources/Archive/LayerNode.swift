package import Linux
import SystemPackage

/// What a layer has of one name, or of several (hard links), as far as a tar's header tells it.
package final class LayerNode {
    /// `S_IFREG` and its like.
    package let type: UInt32
    /// The permissions, with setuid and its like.
    package internal(set) var mode: UInt32
    /// The owner.
    package internal(set) var user: UInt32 = 0
    /// The owner's group.
    package internal(set) var group: UInt32 = 0
    /// The modification time: whole seconds, and what is above them.
    package internal(set) var modified: (seconds: Int64, nanoseconds: Int)
    /// The extended attributes, as the tar has them.
    package internal(set) var attributes: [ExtendedAttribute] = []
    /// Bytes of the content.
    package internal(set) var size: Int64 = 0
    /// Where a symbolic link leads.
    package internal(set) var target: [UInt8] = []
    /// The device's number.
    package internal(set) var device: UInt64 = 0
    /// How many names it has; a folder's are not counted.
    package internal(set) var links = 1
    /// Whether nothing of the lower layers shows in this folder.
    package internal(set) var isOpaque = false
    /// What is in this folder.
    package internal(set) var children: [[UInt8]: LayerNode] = [:]
    /// The folder that it is in; of folders only.
    package internal(set) unowned var parent: LayerNode?
    /// Whatever number its reader has for it.
    package var place: UInt64 = 0

    init(type: UInt32, mode: UInt32, time: Timestamp) {
        self.type = type
        self.mode = mode
        modified = (time.seconds, time.nanoseconds)
    }

    func set(_ metadata: Metadata) {
        (user, group, mode) = (metadata.user, metadata.group, metadata.mode)
        modified = (metadata.modified.seconds, metadata.modified.nanoseconds)
        attributes = metadata.attributes
    }
}
