import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

// A layer's tar as a tree in memory, for who makes an image of it: what `extractLayer` with overlayfs's whiteouts would
// make on disk, by the same rules. Contents go to the caller as they come; names and headers are kept, about half a
// kilobyte a member.

/// What a layer's tar brings, and what it takes away.
package final class LayerTree {
    /// The layer's root.
    package let root: LayerNode
    /// All folders, those above before those in them; some may no longer be in the tree.
    package private(set) var folders: [LayerNode]
    /// What got a second name.
    package internal(set) var linked: [LayerNode] = []
    /// The bytes it takes, as `extractLayer` counts them.
    package internal(set) var size: Int64 = 0
    /// Takes what is no folder, and a source of its content: a piece and its offset, nil at the end.
    package typealias Store = (LayerNode, () throws -> (bytes: UnsafeRawBufferPointer, offset: Int64)?) throws -> Void

    /// The member at hand.
    var path = MemberPath()
    let limits: ArchiveLimits
    let isFirst: Bool
    /// The time of what no member tells of.
    let now: Timestamp
    private let store: Store
    private var expanded: Int64 = 0

    /// Reads the whole tar. `isFirst` says that there is no layer below it, so nothing to take away.
    package init(_ tar: any ByteSource, isFirst: Bool, limits: ArchiveLimits, store: @escaping Store) throws {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        now = Timestamp(seconds: Int64(time.tv_sec), nanoseconds: time.tv_nsec)
        root = LayerNode(type: S_IFDIR, mode: 0o755, time: now)
        folders = [root]
        self.limits = limits
        self.isFirst = isFirst
        self.store = store
        try read(ArchiveInput(tar, .tar))
    }

    /// One after the other: a deep tree that ends by itself would end in as many calls.
    deinit { for folder in folders { folder.children = [:] } }

    private func read(_ input: ArchiveInput) throws {
        var count = 0
        while let entry = try input.next() {
            count += 1
            guard count <= limits.entries else { throw ArchiveError.tooManyEntries(limit: limits.entries) }
            guard let name = archive_entry_pathname(entry) else {
                throw ArchiveError.invalidName(member: "number \(count)", reason: "it has none")
            }
            try path.parse(name, limits)
            try take(entry, input)
        }
    }

    private func take(_ entry: OpaquePointer, _ input: ArchiveInput) throws {
        let (bytes, type) = (archive_entry_size(entry), archive_entry_filetype(entry))
        let isLink = archive_entry_hardlink(entry) != nil
        if type == S_IFREG, !isLink {
            guard bytes >= 0, bytes <= limits.expandedBytes - expanded else {
                throw ArchiveError.tooLarge(limit: limits.expandedBytes)
            }
            expanded += bytes
        }
        if isFirst { size += bytes }
        if path.isRoot {
            guard type == S_IFDIR else {
                throw ArchiveError.invalidName(member: path.text, reason: "it is the root, but no folder")
            }
            return root.set(try Metadata(entry, path))
        }
        if try takeWhiteout() { return }
        if isLink { return try takeHardLink(entry) }
        switch type {
        case S_IFDIR: try takeFolder(entry)
        case S_IFREG: try takeFile(entry, input)
        case S_IFLNK: try takeSymbolicLink(entry)
        case S_IFCHR, S_IFBLK, S_IFIFO: try takeDevice(entry, type)
        case S_IFSOCK: break  // a socket without its listener is nothing
        default: throw ArchiveError.damaged(reason: "member \(path.text) is of no known type")
        }
    }

    private func takeFolder(_ entry: OpaquePointer) throws {
        let parent = try folder(of: path)
        let old = parent.children[Array(path.name)]
        let metadata = try Metadata(entry, path)
        if let old, old.type == S_IFDIR { return old.set(metadata) }
        let node = LayerNode(type: S_IFDIR, mode: 0, time: now)
        node.set(metadata)
        // The whiteout came first, then a new folder of that name: nothing of the lower one may show.
        node.isOpaque = old.map { !isFirst && isWhiteout($0) } ?? false
        put(node, in: parent)
    }

    private func takeFile(_ entry: OpaquePointer, _ input: ArchiveInput) throws {
        let parent = try folder(of: path)
        let node = LayerNode(type: S_IFREG, mode: 0, time: now)
        node.set(try Metadata(entry, path))
        node.size = archive_entry_size(entry)
        try store(node) { node.size > 0 ? try input.nextBlock() : nil }
        put(node, in: parent)
    }

    private func takeSymbolicLink(_ entry: OpaquePointer) throws {
        guard let target = archive_entry_symlink(entry), target.pointee != 0 else {
            throw ArchiveError.damaged(reason: "member \(path.text) is a symbolic link to nothing")
        }
        let parent = try folder(of: path)
        let node = LayerNode(type: S_IFLNK, mode: 0, time: now)
        node.set(try Metadata(entry, path))
        node.mode = 0o777
        node.target = Array(UnsafeRawBufferPointer(start: target, count: strlen(target)))
        guard node.target.count < PATH_MAX else { throw SystemError("make \(path.text)", .fileNameTooLong) }
        node.size = Int64(node.target.count)
        try store(node) { nil }
        put(node, in: parent)
    }

    private func takeDevice(_ entry: OpaquePointer, _ type: mode_t) throws {
        let parent = try folder(of: path)
        let node = LayerNode(type: type, mode: 0, time: now)
        node.set(try Metadata(entry, path))
        if type != S_IFIFO {
            let (major, minor) = (archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry))
            // As mknod(2) has it: what does not fit into the kernel's number would be another device.
            guard major < 1 << 12, minor < 1 << 20 else {
                throw SystemError("make device \(path.text) (\(major), \(minor))", .invalidArgument)
            }
            node.device = UInt64(linux_makedev(UInt32(major), UInt32(minor)))
        }
        try store(node) { nil }
        put(node, in: parent)
    }

    /// Gives the layer a device that says that the lower layers' `name` is gone.
    func makeWhiteout(_ name: [UInt8], in folder: LayerNode) throws {
        let node = LayerNode(type: S_IFCHR, mode: 0, time: now)
        try store(node) { nil }
        folder.children[name] = node
    }

    /// Puts a node where the member is, in the stead of what is there.
    private func put(_ node: LayerNode, in parent: LayerNode) {
        removeExisting(in: parent)
        parent.children[Array(path.name)] = node
        if node.type == S_IFDIR { adopt(node, by: parent) }
        if !isFirst { size += node.size }
    }

    func adopt(_ folder: LayerNode, by parent: LayerNode) {
        folder.parent = parent
        folders.append(folder)
    }

    func isWhiteout(_ node: LayerNode) -> Bool { node.type == S_IFCHR && node.device == 0 }
}
