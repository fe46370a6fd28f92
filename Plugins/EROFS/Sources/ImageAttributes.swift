import Archive
import Glibc
import Linux
import SystemPackage

// Attributes lie after their inode: a header of 12 bytes, then for each a number for the first part of its name, the
// rest of the name, and the value. The names that EROFS has no number for no other file system takes, either.

let attributesHeader = 12
private let accessList = "system.posix_acl_access"
private let defaultList = "system.posix_acl_default"
private let spaces: [(prefix: String, number: UInt8)] = [
    ("user.", 1), (accessList, 2), (defaultList, 3), ("trusted.", 4), ("security.", 6),
]

/// The attributes as they follow the inode; nothing where there are none.
func encodeAttributes(of node: LayerNode) throws -> [UInt8] {
    if node.attributes.isEmpty, !node.isOpaque { return [] }
    var values: [String: [UInt8]] = [:]
    for attribute in node.attributes where isKept(attribute.key, on: node) {
        values[attribute.key] = try accepted(attribute, on: node)
    }
    if node.isOpaque { values["trusted.overlay.opaque"] = [UInt8(ascii: "y")] }
    var bytes = [UInt8](repeating: 0, count: attributesHeader)
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
        guard
            let space = spaces.first(where: { $0.prefix.hasSuffix(".") ? key.hasPrefix($0.prefix) : key == $0.prefix })
        else { continue }
        let name = Array(key.utf8.dropFirst(space.prefix.utf8.count))
        // A name that can be listed and not read would keep the file from being copied up.
        guard !name.isEmpty || space.prefix == key && !key.hasSuffix(".") else {
            throw SystemError("set \(key)", .invalidArgument)
        }
        guard name.count <= 255 else { throw SystemError("set \(key)", .outOfRange) }
        guard value.count <= 65535, bytes.count < 1 << 16 else { throw SystemError("set \(key)", .argListTooLong) }
        bytes += [UInt8(name.count), space.number]
        bytes.append(UInt16(value.count))
        bytes += name + value
        bytes += repeatElement(0, count: (4 - bytes.count % 4) % 4)
    }
    return bytes.count == attributesHeader ? [] : bytes
}

/// The value as a file system would have it that checks what it is given, as all do that can be written to: what makes no
/// sense is refused, since the kernel believes an image.
private func accepted(_ attribute: ExtendedAttribute, on node: LayerNode) throws -> [UInt8]? {
    let value = attribute.value
    switch attribute.key {
    case "security.capability":
        // `linux/capability.h`: revision 2 or 3, in the fourth byte; of the flags there is one.
        let length = value.count > 3 ? [2: 20, 3: 24][value[3]] : nil
        guard length == value.count, value[0] < 2, value[1] == 0, value[2] == 0 else { throw refused(attribute) }
        return value
    case accessList, defaultList:
        // Another version of lists is lost, as everywhere.
        guard value.count >= 4 else { throw refused(attribute) }
        guard value[..<4].elementsEqual([2, 0, 0, 0]) else { return nil }
        guard let list = AccessList(value) else { throw refused(attribute) }
        return attribute.key == accessList ? list.encoded(mode: node.mode) : list.encoded()
    default: return value
    }
}

private func refused(_ attribute: ExtendedAttribute) -> SystemError {
    SystemError("set \(attribute.key)", .invalidArgument)
}

/// Whether file systems take such an attribute of such a file: users' are for files and folders, links have no lists.
private func isKept(_ key: String, on node: LayerNode) -> Bool {
    if key.hasPrefix("user.") { return key.utf8.count > 5 && [S_IFREG, S_IFDIR].contains(node.type) }
    if key == defaultList { return node.type == S_IFDIR }
    return key != accessList || node.type != S_IFLNK
}
