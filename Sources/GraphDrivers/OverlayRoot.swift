import Glibc
import Linux
package import SystemPackage

// What a tree's root is like, overlayfs takes from the topmost layer alone. So a container's layer is made with the root
// of the image: its mode, owner and attributes, as a copy of the tree would have them.

private struct Root: Equatable {
    var mode: mode_t = 0o755
    var owner: [uid_t] = [0, 0]
    var attributes: [ExtendedAttribute] = []

    /// What a layer has whose tar says nothing of its root.
    static let plain = Root()
}

/// Makes the new folder `diff` like the nearest root of `layers`, folders in `home`, that is like no other layer's.
///
/// Layers of an image may be unpacked before their parents are: only now it is sure what all their roots are.
package func inheritOverlayRoot(_ diff: FilePath, from layers: some Sequence<String>, in home: FilePath) throws {
    let folder = OwnedDescriptor(
        try sys("open \(home)") { open(home.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    )
    for layer in layers {
        let (root, isOpaque) = try look("\(layer)/.", in: folder.rawValue, home)
        if root != .plain { return try set(root, at: diff) }
        if isOpaque { return }
    }
}

private func look(_ name: String, in folder: CInt, _ home: FilePath) throws -> (root: Root, isOpaque: Bool) {
    var status = stat()
    try sys("look at \(home)/\(name)") { fstatat(folder, name, &status, 0) }
    var root = Root(mode: status.st_mode & 0o7777, owner: [status.st_uid, status.st_gid])
    let all = try extendedAttributes(of: name, in: folder, "\(home)/\(name)")
    root.attributes = all.filter { !$0.key.hasPrefix("trusted.overlay.") && $0.key != "security.selinux" }
    return (root, all.contains(ExtendedAttribute("trusted.overlay.opaque", [UInt8(ascii: "y")])))
}

private func set(_ root: Root, at diff: FilePath) throws {
    try sys("set the owner of \(diff)") { chown(diff.string, root.owner[0], root.owner[1]) }
    for attribute in root.attributes { try setExtendedAttribute(attribute.key, attribute.value, at: diff) }
    try sys("set the mode of \(diff)") { chmod(diff.string, root.mode) }
}
