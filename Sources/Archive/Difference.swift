import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

// When a file counts as changed, however the trees are compared: see `compareTrees`.

/// Whether what `stat` tells of two files of one path differs.
func isDifferent(_ new: stat, _ old: stat) -> Bool {
    if new.st_mode != old.st_mode || new.st_uid != old.st_uid || new.st_gid != old.st_gid { return true }
    let type = new.st_mode & S_IFMT
    if type == S_IFCHR || type == S_IFBLK, new.st_rdev != old.st_rdev { return true }
    if type == S_IFDIR { return false }
    if new.st_size != old.st_size || new.st_mtim.tv_sec != old.st_mtim.tv_sec { return true }
    let (newPart, oldPart) = (new.st_mtim.tv_nsec, old.st_mtim.tv_nsec)
    return newPart != oldPart && newPart != 0 && oldPart != 0
}

/// Whether the attributes differ that a layer carries, of `name` in two open folders.
func hasOtherAttributes(_ name: FileName, _ new: CInt, _ old: CInt) throws -> Bool {
    try name.withCString { name in
        let text = String(cString: name)
        let newOnes = try extendedAttributes(of: name, in: new, text).filter(isCarried)
        return try newOnes != extendedAttributes(of: name, in: old, text).filter(isCarried)
    }
}

private func isCarried(_ attribute: ExtendedAttribute) -> Bool {
    attribute.key == "security.capability" || attribute.key.hasPrefix("user.")
        || attribute.key.hasPrefix("system.posix_acl_")
}

func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

/// `name` in the folder of path `folder` (without the leading `/`) as a change.
func change(_ folder: [UInt8], _ name: FileName, _ kind: Change.Kind) -> Change {
    let bytes = [0x2f] + (folder.isEmpty ? [] : folder + [0x2f]) + Array(name.bytes) + [0]
    return bytes.withUnsafeBytes { text in
        guard let base = text.bindMemory(to: CChar.self).baseAddress else { fatalError("a path without its NUL") }
        return Change(FilePath(platformString: base), kind)
    }
}
