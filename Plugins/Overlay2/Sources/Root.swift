import Glibc
import Linux
import SystemPackage

// What a tree's root is like, overlayfs takes from the topmost layer alone. So a container's layer is made with the root
// of the image: its mode, owner and attributes, as a copy of the tree would have them.

extension Overlay2 {
    private struct Root: Equatable {
        var mode: mode_t = 0o755
        var owner: [uid_t] = [0, 0]
        var attributes: [ExtendedAttribute] = []

        /// What a layer has whose tar says nothing of its root.
        static let plain = Root()
    }

    /// Makes the new folder `diff` like the nearest root in `lower` that is like no other layer's.
    ///
    /// Layers of an image may be unpacked before their parents are: only now it is sure what all their roots are.
    func inheritRoot(_ diff: FilePath, from lower: String) throws {
        let home = home
        let folder = OwnedDescriptor(
            try sys("open \(home)") { Glibc.open(home.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        for link in lower.split(separator: ":") {
            let (root, isOpaque) = try look("\(link)/.", in: folder.rawValue)
            if root != .plain { return try set(root, at: diff) }
            if isOpaque { return }
        }
    }

    private func look(_ name: String, in folder: CInt) throws -> (root: Root, isOpaque: Bool) {
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
}
