import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

// A branch of aufs: a layer's own files, with notes that are files too (aufs/README.md; OCI image layer specification).
// `.wh.x` says that the lower branches' `x` is gone, `.wh..wh..opq` that its folder shows nothing of theirs, and all else
// that begins with `.wh..wh.` is aufs's own. While fuse-overlayfs or overlayfs writes to a branch it holds their notes,
// too: devices 0:0 and attributes. Both are read here, so that a branch can be read at any time.

let whiteoutPrefix = Array(".wh.".utf8)
let aufsPrefix = Array(".wh..wh.".utf8)

/// One name of a branch's folder, as the union shows it.
struct BranchEntry {
    let name: FileName
    /// What is there; nil where it says that the lower branches' one is gone.
    let status: stat?
}

/// The entries of a branch's open folder, sorted by name. What is both there and gone is gone.
///
/// Without `withNotes`, a file named `.wh.x` says nothing.
func branchEntries(of folder: CInt, _ text: String, withNotes: Bool = true) throws -> [BranchEntry] {
    var found: [BranchEntry] = []
    var gone: Set<FileName> = []
    for name in try entries(of: folder, text) {
        if name.bytes.starts(with: whiteoutPrefix) {
            if withNotes, let hidden = hiddenName(name) { gone.insert(hidden) }
            continue
        }
        // It vanished since it was listed: as if it had not been there.
        guard let status = try look(at: name, in: folder) else { continue }
        if isDeviceWhiteout(status) { gone.insert(name) } else { found.append(BranchEntry(name: name, status: status)) }
    }
    if gone.isEmpty { return found }
    found.removeAll { gone.contains($0.name) }
    found += gone.map { BranchEntry(name: $0, status: nil) }
    return found.sorted { $0.name < $1.name }
}

/// What `.wh.x` hides; nil for aufs's own names, and for those that hide nothing.
private func hiddenName(_ name: FileName) -> FileName? {
    if name.bytes.starts(with: aufsPrefix) { return nil }
    let hidden = name.withCString { FileName($0 + whiteoutPrefix.count) }
    let isName = hidden.bytes.contains { $0 != 0x2e } || hidden.bytes.dropFirst(2).contains { _ in true }
    return isName ? hidden : nil
}

func isDeviceWhiteout(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0 }

/// Whether the branch's open folder says that the lower branches' `name` is gone.
func isWhitedOut(_ name: FileName, in folder: CInt) -> Bool {
    let note = (whiteoutPrefix + Array(name.bytes)).map { CChar(bitPattern: $0) } + [0]
    return faccessat(folder, note, F_OK, AT_SYMLINK_NOFOLLOW) == 0
}

/// Whether nothing of the lower branches' shows in the branch's open folder.
func isBranchOpaque(_ folder: CInt, _ text: String) throws -> Bool {
    if faccessat(folder, ".wh..wh..opq", F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return true }
    return try isOpaque(folder, text)
}
