import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

// Unpacking a layer: every path is resolved by the kernel below a descriptor of the root, as if that were "/"
// (openat2, RESOLVE_IN_ROOT), and the last component is never followed: files are made with O_EXCL, and what was there
// is removed first. So a link that came out of an archive can lead nowhere but into the layer.
// One folder stays open, the last one used: a file costs open, write, fchmod, futimens, close, and fchown if not root's.

/// Unpacks an uncompressed layer tar below the folder `root`, and never outside of it.
///
/// Owners, modes with setuid, times to the nanosecond, extended attributes, hard links, devices and holes come out as
/// they are in the tar; sockets are skipped, and so is `trusted.overlay.*`, which would steer overlayfs. If a path comes
/// twice, the later one stays. On an error the caller removes the layer.
///
/// - Returns: the bytes it took, as Docker counts them: for `.applied` the sum of all sizes in the headers, else of
///   what is not a folder on disk.
/// - Throws: `ArchiveError` for what may not be, `SystemError` for what could not be.
public func extractLayer(
    _ tar: any ByteSource,
    into root: FilePath,
    whiteouts: WhiteoutStyle,
    limits: ArchiveLimits
) throws -> Int64 {
    let extraction = try LayerExtraction(root, whiteouts, limits)
    return try extraction.run(ArchiveInput(tar, .tar))
}

/// Unpacks what a user copies into `folder` of the tree `root`, as a process would find it there; never outside of it.
///
/// `tar` may be compressed. What has a member's name is replaced, folders are joined; with `keepsKinds` a folder and what is
/// none do not replace each other. With an `owner` all is his; else the tar's numbers hold. What begins with the name `from`
/// gets `to` instead. With `owners` the tar's numbers are those inside.
///
/// - Throws: as `extractLayer`; what was unpacked until then stays.
package func extractFiles(
    _ tar: any ByteSource,
    into folder: String,
    of root: FilePath,
    owner: (user: UInt32, group: UInt32)?,
    keepsKinds: Bool,
    limits: ArchiveLimits,
    renaming: (from: String, to: String)? = nil,
    owners: OwnerMap? = nil
) throws {
    let extraction = try LayerExtraction(root, .plain, limits)
    extraction.path = try MemberPath(below: folder, limits)
    extraction.owner = owner
    extraction.keepsKinds = keepsKinds
    extraction.renaming = renaming.map { (Array($0.from.utf8), Array($0.to.utf8)) }
    extraction.owners = owners
    let input = try ArchiveInput(Decompressor(tar, limits: limits), .tar)
    if let owners {
        _ = try owners.asRoot { try extraction.run(input) }
    } else {
        _ = try extraction.run(input)
    }
}

/// One layer while it is unpacked.
final class LayerExtraction {
    let root: CInt
    let style: WhiteoutStyle
    let limits: ArchiveLimits
    /// The member at hand.
    var path = MemberPath()
    var folders: FolderCache
    /// Paths that came out of this layer, with all folders above; only kept for `.applied`.
    var unpacked: Set<[UInt8]> = []
    /// Paths that this layer says are gone, and has not brought since; only kept for `.aufs`.
    var branchWhiteouts: Set<[UInt8]> = []
    /// Whose all will be; nil: whose the tar says.
    var owner: (user: UInt32, group: UInt32)?
    /// Whose ids those of the tar are; nil: the host's.
    fileprivate var owners: OwnerMap?
    /// Whether folders and what is none do not replace each other.
    var keepsKinds = false
    /// Whether the member at hand is a folder.
    private(set) var isFolder = false
    private var folderTimes: [(path: [UInt8], time: Timestamp)] = []
    private var count = 0
    private var expanded: Int64 = 0
    /// Bytes on disk (`.overlay`, `.aufs`) or in the headers (`.applied`).
    var size: Int64 = 0

    init(_ path: FilePath, _ style: WhiteoutStyle, _ limits: ArchiveLimits) throws {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        let descriptor = try sys("open \(path)") { open(path.string, flags) }
        root = descriptor
        folders = FolderCache(root: descriptor)
        self.style = style
        self.limits = limits
    }

    deinit {
        folders.close()
        close(root)
    }

    func run(_ input: ArchiveInput) throws -> Int64 {
        while let entry = try input.next() {
            count += 1
            guard count <= limits.entries else { throw ArchiveError.tooManyEntries(limit: limits.entries) }
            guard let name = archive_entry_pathname(entry) else {
                throw ArchiveError.invalidName(member: "number \(count)", reason: "it has none")
            }
            try parse(name)
            try unpack(entry, input)
        }
        try setFolderTimes()
        return size
    }

    /// The first name of members' paths, and what they get instead.
    fileprivate var renaming: (from: [UInt8], to: [UInt8])?

    private func parse(_ name: UnsafePointer<CChar>) throws {
        try withRenamed(name) { try path.parse($0, limits) }
    }

    /// Calls `body` with the path, or with another first name in it where that is wanted.
    func withRenamed<T>(_ name: UnsafePointer<CChar>, _ body: (UnsafePointer<CChar>) throws -> T) throws -> T {
        let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
        guard let renaming, bytes.starts(with: renaming.from), case let rest = bytes.dropFirst(renaming.from.count),
            rest.isEmpty || rest.first == 0x2f
        else { return try body(name) }
        return try (renaming.to + rest + [0]).withUnsafeBytes { bytes in
            guard let base = bytes.bindMemory(to: CChar.self).baseAddress else { fatalError("a path without its NUL") }
            return try body(base)
        }
    }

    private func unpack(_ entry: OpaquePointer, _ input: ArchiveInput) throws {
        let bytes = archive_entry_size(entry)
        let isFile = archive_entry_filetype(entry) == S_IFREG && archive_entry_hardlink(entry) == nil
        if isFile {
            guard bytes >= 0, bytes <= limits.expandedBytes - expanded else {
                throw ArchiveError.tooLarge(limit: limits.expandedBytes)
            }
            expanded += bytes
        }
        if style == .applied { size += bytes }
        if path.isRoot {
            guard archive_entry_filetype(entry) == S_IFDIR else {
                throw ArchiveError.invalidName(member: path.text, reason: "it is the root, but no folder")
            }
            // The folder that a user copies into stays as it is.
            return style == .plain ? () : try finishFolder(root, Metadata(entry, path), isNew: false)
        }
        isFolder = archive_entry_filetype(entry) == S_IFDIR
        if let owner {
            archive_entry_set_uid(entry, Int64(owner.user))
            archive_entry_set_gid(entry, Int64(owner.group))
        }
        try owners?.toOutside(entry, path)
        if try isWhiteout(entry) { return }
        if style == .applied { remember() }
        if archive_entry_hardlink(entry) != nil { return try unpackHardLink(entry) }
        switch archive_entry_filetype(entry) {
        case S_IFDIR: try unpackFolder(entry)
        case S_IFREG: try unpackFile(entry, input)
        case S_IFLNK: try unpackSymbolicLink(entry)
        case S_IFCHR, S_IFBLK, S_IFIFO: try unpackDevice(entry)
        case S_IFSOCK: break  // a socket without its listener is nothing, and mknod needs no tar for it
        default: throw ArchiveError.damaged(reason: "member \(path.text) is of no known type")
        }
    }

    /// Does what a whiteout says; false if the member is none.
    private func isWhiteout(_ entry: OpaquePointer) throws -> Bool {
        switch style {
        case .plain: false
        case .aufs: try takeBranchWhiteout(entry)
        case .overlay, .applied: try applyWhiteout()
        }
    }

    private func remember() {
        var path = path.joined
        while unpacked.insert(path).inserted {
            guard let slash = path.lastIndex(of: 0x2f) else { return }
            path.removeSubrange(slash...)
        }
    }

    /// Sets what a folder's header says; the times come last, when nothing changes the folder any more.
    func finishFolder(_ descriptor: CInt, _ metadata: Metadata, isNew: Bool) throws {
        folderTimes.append((path.isRoot ? [] : path.joined, metadata.modified))
        let isPlain = isNew && !folders.givesAttributes
        if !isPlain { try metadata.clearOthers("", in: descriptor, path) }
        try metadata.apply(to: descriptor, isNew: isPlain, times: false, path)
    }

    private func setFolderTimes() throws {
        for (path, time) in folderTimes {
            let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            let name = path.isEmpty ? [0x2e, 0] : path + [0]
            let descriptor = name.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) { linux_open_in_root(root, $0.baseAddress, flags) }
            }
            // A later member may have replaced the folder.
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            try sys("set times of \(String(decoding: path, as: UTF8.self))") {
                linux_set_times(descriptor, "", time.seconds, time.nanoseconds, time.seconds, time.nanoseconds)
            }
        }
    }
}
