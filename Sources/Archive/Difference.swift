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

/// Whether a layer's tar takes the attribute along: not what union file systems note for themselves.
func isCarried(_ attribute: ExtendedAttribute) -> Bool {
    let key = attribute.key
    if key.hasPrefix("user.") { return !key.hasPrefix("user.overlay.") && !key.hasPrefix("user.fuseoverlayfs.") }
    return key == "security.capability" || key.hasPrefix("system.posix_acl_")
}

/// Whether the bytes differ of two files of one size, `name` in two open folders.
///
/// The new one may be in use: if it is gone by now it has no bytes that are the same.
func hasOtherContent(_ name: FileName, _ new: CInt, _ old: CInt) throws -> Bool {
    func bytes(in folder: CInt) throws -> FileSource {
        let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let text = name.withCString { String(cString: $0) }
        return FileSource(owning: try sys("open \(text)") { name.withCString { openat(folder, $0, flags) } })
    }
    let newBytes: FileSource
    do { newBytes = try bytes(in: new) } catch let error as SystemError where error.saysNoFolder { return true }
    let oldBytes = try bytes(in: old)
    var (ours, theirs) = ([UInt8](repeating: 0, count: 1 << 17), [UInt8](repeating: 0, count: 1 << 17))
    while true {
        let count = try ours.withUnsafeMutableBytes { try newBytes.read(into: $0) }
        guard count == (try theirs.withUnsafeMutableBytes { try oldBytes.read(into: $0) }) else { return true }
        if count == 0 { return false }
        if memcmp(ours, theirs, count) != 0 { return true }
    }
}

func isFile(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

/// `name` in the folder of path `folder` (without the leading `/`) as a change.
func change(_ folder: [UInt8], _ name: FileName, _ kind: Change.Kind) -> Change {
    let bytes = [0x2f] + (folder.isEmpty ? [] : folder + [0x2f]) + Array(name.bytes) + [0]
    return bytes.withUnsafeBytes { text in
        guard let base = text.bindMemory(to: CChar.self).baseAddress else { fatalError("a path without its NUL") }
        return Change(FilePath(platformString: base), kind)
    }
}
