/// What becomes of a layer's `.wh.` members when it is unpacked.
public enum WhiteoutStyle: Sendable {
    /// overlayfs's way: a character device 0:0, an opaque folder's `trusted.overlay.opaque=y`.
    case overlay
    /// They stay files named `.wh.x`.
    case aufs
    /// What they name is deleted from the tree.
    case applied
    /// They are files like any other: the archive is no layer, but what a user copies.
    case plain
}
