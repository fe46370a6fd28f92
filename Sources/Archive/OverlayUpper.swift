import CArchive
import CLinux
import Glibc
import Linux

// What overlayfs notes in an upper directory (Documentation/filesystems/overlayfs.rst).

/// Whether the entry says that the lower layers' one of that name is gone: a device 0:0, or an empty file with an attribute.
func isOverlayWhiteout(_ name: UnsafePointer<CChar>, in folder: CInt, _ status: stat, _ text: String) throws -> Bool {
    if status.st_mode & S_IFMT == S_IFCHR { return status.st_rdev == 0 }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 else { return false }
    return try extendedAttribute("trusted.overlay.whiteout", of: name, in: folder, text) != nil
}

/// Whether nothing of the lower layers shows in the open folder. (`x` only says that there are attribute whiteouts.)
func isOpaque(_ folder: CInt, _ text: String) throws -> Bool {
    try extendedAttribute("trusted.overlay.opaque", of: "", in: folder, text) == [UInt8(ascii: "y")]
}

/// The attribute by which a folder or file has its entries or its data elsewhere in the lower layers, or nil.
func overlayReference(_ name: UnsafePointer<CChar>, in folder: CInt, _ status: stat, _ text: String) throws -> String? {
    let type = status.st_mode & S_IFMT
    guard type == S_IFDIR || type == S_IFREG else { return nil }
    return try ["trusted.overlay.redirect", "trusted.overlay.metacopy"]
        .first { try extendedAttribute($0, of: name, in: folder, text) != nil }
}
