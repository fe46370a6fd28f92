import CLinux
import Glibc
import Linux
import SystemPackage

// What `freezeBranch` and `thaw` need of a branch's folders. Nothing is looked at that its directory entry tells of.

let whiteoutPrefix = Array(".wh.".utf8)
private let aufsPrefix = Array(".wh..wh.".utf8)

/// One name in a branch's folder.
struct BranchName {
    let name: FileName
    let isFolder: Bool
    let isFile: Bool
    /// A character device 0:0.
    let isDevice: Bool
    /// `.wh.x`: the lower branches' `x` is gone.
    let hidden: FileName?
    /// It is aufs's own, and hides nothing: `.wh..wh..opq`, `.wh..wh.plnk`, …
    let isNote: Bool
    /// The layer's folder, not a note.
    var isOwnFolder: Bool { isFolder && !isNote && hidden == nil }
}

extension FileName {
    var isOpaqueNote: Bool { bytes.elementsEqual(".wh..wh..opq".utf8) }
}

/// The names in an open folder.
func branchNames(of folder: CInt, _ text: String) throws -> [BranchName] {
    let copy = try sys("list \(text)") { openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let stream = fdopendir(copy) else {
        close(copy)
        throw SystemError("list \(text)", .noMemory)
    }
    defer { closedir(stream) }
    var found: [BranchName] = []
    while let entry = try nextEntry(of: stream, text) {
        let type = entry.pointee.d_type
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { FileName($0) }
        }
        if name.bytes.elementsEqual(".".utf8) || name.bytes.elementsEqual("..".utf8) { continue }
        found.append(try describe(name, type, in: folder, text))
    }
    return found
}

private func describe(_ name: FileName, _ type: UInt8, in folder: CInt, _ text: String) throws -> BranchName {
    var mode = mode_t(type) << 12
    var isDevice = false
    if Int(type) == Int(DT_UNKNOWN) || Int(type) == Int(DT_CHR) {
        var status = stat()
        try sys("look below \(text)") { name.withCString { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) } }
        mode = status.st_mode & S_IFMT
        isDevice = mode == S_IFCHR && status.st_rdev == 0
    }
    let hidden = hiddenName(name)
    return BranchName(
        name: name,
        isFolder: mode == S_IFDIR,
        isFile: mode == S_IFREG,
        isDevice: isDevice,
        hidden: hidden,
        isNote: hidden == nil && name.bytes.starts(with: whiteoutPrefix)
    )
}

private func hiddenName(_ name: FileName) -> FileName? {
    guard name.bytes.starts(with: whiteoutPrefix), !name.bytes.starts(with: aufsPrefix) else { return nil }
    let hidden = name.withCString { FileName($0 + whiteoutPrefix.count) }
    return ["", ".", ".."].contains { hidden.bytes.elementsEqual($0.utf8) } ? nil : hidden
}

/// What changes of notes in a folder must not change: its times, which speak of the layer's files, and its flags.
struct FolderState {
    private let status: stat
    private let flags: UInt32
    private static let locks = UInt32(LINUX_FILE_IMMUTABLE | LINUX_FILE_APPEND)

    /// Remembers the folder's state, and takes flags away that would not let notes be changed.
    init(_ folder: CInt, _ text: String) throws {
        var (status, flags) = (stat(), UInt32(0))
        try sys("look at \(text)") { fstat(folder, &status) }
        (self.status, self.flags) = (status, linux_get_file_flags(folder, &flags) == 0 ? flags : 0)
        if self.flags & Self.locks != 0 { try set(self.flags & ~Self.locks, folder, text) }
    }

    func restore(_ folder: CInt, _ text: String, _ isChanged: Bool) throws {
        if isChanged {
            let (read, changed) = (status.st_atim, status.st_mtim)
            try sys("set the times of \(text)") {
                linux_set_times(folder, "", Int64(read.tv_sec), read.tv_nsec, Int64(changed.tv_sec), changed.tv_nsec)
            }
        }
        if flags & Self.locks != 0 { try set(flags, folder, text) }
    }

    private func set(_ flags: UInt32, _ folder: CInt, _ text: String) throws {
        try sys("set the flags of \(text)") { linux_set_file_flags(folder, flags) }
    }
}

/// Gives the open folder `target` the owner, attributes and mode of `source`: not what union file systems note in it.
func copyFolder(from source: CInt, to target: CInt, _ text: String) throws {
    var status = stat()
    try sys("look at what \(text) is to be like") { fstat(source, &status) }
    try sys("set the owner of \(text)") { fchown(target, status.st_uid, status.st_gid) }
    for attribute in try extendedAttributes(of: "", in: source, text) {
        let key = attribute.key
        if ["trusted.", "user.overlay.", "user.fuseoverlayfs."].contains(where: { key.hasPrefix($0) }) { continue }
        try sys("set \(key) of \(text)") { linux_fset_xattr(target, key, attribute.value, attribute.value.count) }
    }
    try sys("set the mode of \(text)") { fchmod(target, status.st_mode & 0o7777) }
}

func openBranch(_ path: FilePath) throws -> OwnedDescriptor {
    OwnedDescriptor(try sys("open \(path)") { open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
}

/// Nil where nothing or no folder has the name.
func openFolder(_ name: FileName, in folder: CInt, _ text: String) throws -> OwnedDescriptor? {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    do throws(SystemError) {
        return OwnedDescriptor(try sys("open a folder in \(text)") { name.withCString { openat(folder, $0, flags) } })
    } catch {
        if error.saysNoFolder { return nil }
        throw error
    }
}

/// Whether one of the branches behind `roots` has a folder at `path`, hidden or not, or can't tell.
func mayBeFolder(_ path: [UInt8], inAnyOf roots: [CInt]) -> Bool {
    let text = terminated(path.isEmpty ? [0x2e] : path)
    return roots.contains { root in
        do throws(SystemError) {
            let found = try sys("open a folder") { linux_open_beneath(root, text, UInt64(O_RDONLY | O_DIRECTORY)) }
            close(found)
            return true
        } catch { return !error.saysNoFolder }
    }
}

/// Makes one of aufs's notes: an empty file that nobody writes to.
func makeNote(_ name: UnsafePointer<CChar>, in folder: CInt, _ text: String) throws {
    let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC
    _ = OwnedDescriptor(try sys("make a whiteout in \(text)") { openat(folder, name, flags, 0o444) })
}

/// Deletes what has the name, with all that is in it; true.
func delete(_ name: FileName, in folder: CInt, _ text: String) throws -> Bool {
    if name.withCString({ unlinkat(folder, $0, 0) }) == 0 { return true }
    // Through /proc it is still the folder that we hold open, whatever became of its path.
    let inside = name.withCString { FilePath(platformString: $0) }
    try removeTree(FilePath("/proc/self/fd/\(folder)").appending(inside.components))
    return true
}

func terminated(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
