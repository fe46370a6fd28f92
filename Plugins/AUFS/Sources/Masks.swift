import Archive
import CLinux
import Glibc
import Linux
import SystemPackage

/// Makes `over` and `under` in `folder`, what overlayfs must be told of the notes in `branch`; neither if it has none.
///
/// Folders in them are as the branch's own: their owners, modes, times and attributes may show.
func buildMasks(of branch: FilePath, in folder: FilePath) throws {
    let root = try openBranch(branch)
    let over = MaskFolder(folder.appending("over"), like: root.rawValue)
    let under = MaskFolder(folder.appending("under"), like: root.rawValue)
    try build(root.rawValue, over, under, isRoot: true)
}

private func build(_ folder: CInt, _ over: MaskFolder, _ under: MaskFolder, isRoot: Bool = false) throws {
    try requireShallow(over.path)
    for entry in try branchNames(of: folder, over.text) {
        if entry.isNote || entry.hidden != nil {
            try over.hide(entry.name)
            if let hidden = entry.hidden { try over.hide(hidden) }
            // A layer's root is cut off from those below by not mounting them.
            if entry.name.isOpaqueNote, !isRoot { try under.markOpaque() }
        } else if entry.isFolder {
            guard let child = try openFolder(entry.name, in: folder, over.text) else { continue }
            try build(
                child.rawValue,
                MaskFolder(entry.name, in: over, like: child.rawValue),
                MaskFolder(entry.name, in: under, like: child.rawValue)
            )
        }
    }
    try over.finish()
    try under.finish()
}

/// A folder of a mask, which exists only if something was put in it.
private final class MaskFolder {
    let text: String
    /// Below the mask's root.
    let path: [UInt8]
    private let source: CInt
    private let parent: MaskFolder?
    private let name: FileName
    private var own: CInt = -1

    /// The mask's root at `path`, to look like the open folder `source`.
    init(_ path: FilePath, like source: CInt) {
        (self.source, parent, text, self.path) = (source, nil, path.string, [])
        name = path.withPlatformString { FileName($0) }
    }

    init(_ name: FileName, in parent: MaskFolder, like source: CInt) {
        (self.source, self.parent, self.name) = (source, parent, name)
        text = parent.text + "/" + name.withCString { String(cString: $0) }
        path = (parent.path.isEmpty ? [] : parent.path + [0x2f]) + name.bytes
    }

    deinit { if own >= 0 { close(own) } }

    /// Puts a whiteout for `name` into it.
    func hide(_ name: FileName) throws {
        let folder = try make()
        if name.withCString({ mknodat(folder, $0, S_IFCHR, 0) }) == 0 { return }
        var status = stat()
        // It was hidden already: a branch may both have a name and say that it is gone.
        try sys("make a whiteout in \(text)") { name.withCString { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) } }
    }

    func markOpaque() throws {
        let folder = try make()
        try sys("mark \(text) opaque") { linux_fset_xattr(folder, "trusted.overlay.opaque", "y", 1) }
    }

    /// Sets the times, which come last.
    func finish() throws { if own >= 0 { try FolderState(source, text).restore(own, text, true) } }

    private func make() throws -> CInt {
        if own >= 0 { return own }
        let folder = try parent?.make() ?? AT_FDCWD
        try sys("make folder \(text)") { name.withCString { mkdirat(folder, $0, 0o700) } }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        own = try sys("open \(text)") { name.withCString { openat(folder, $0, flags) } }
        try copyFolder(from: source, to: own, text)
        return own
    }
}
