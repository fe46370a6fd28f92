import Archive
import CLinux
import Glibc
import Linux
import SystemPackage

/// All that a tree is, to be compared with another: every path, what it is, its attributes and its bytes.
struct TreeRecord: Equatable, CustomStringConvertible {
    /// By path; bytes that are no UTF-8 as `\xff`.
    private(set) var nodes: [String: FileRecord] = [:]

    /// Reads the tree at `root`, without the root itself.
    init(_ root: FilePath) throws {
        var names: [UInt64: [String]] = [:]
        var reader = FileReader()
        try walkTree(root) { entry in
            let record = try reader.record(of: entry)
            if entry.status.st_nlink > 1, !entry.isFolder {
                names[UInt64(entry.status.st_ino), default: []].append(entry.path)
            }
            nodes[entry.path] = record
        }
        // Only names that are to be seen count: a layer's file may have more of them elsewhere.
        for all in names.values where all.count > 1 {
            for path in all { nodes[path]?.same = all[0] }
        }
    }

    /// What is not as in `other`, the first path first; empty where all is.
    func differences(from other: TreeRecord) -> [String] {
        if self == other { return [] }
        return Set(nodes.keys).union(other.nodes.keys).sorted().compactMap { path in
            switch (nodes[path], other.nodes[path]) {
            case (let new?, let old?): new == old ? nil : "\(path): \(new.difference(from: old))"
            case (let new?, nil): "\(path) is there (\(new)), and should not be"
            case (nil, let old?): "\(path) is not there, and should be: \(old)"
            case (nil, nil): nil
            }
        }
    }

    /// The same but for times of folders and which names are one file: what no layer carries for what is not in it.
    var withoutFolderTimesAndLinks: TreeRecord {
        var copy = self
        for path in copy.nodes.keys {
            copy.nodes[path]?.same = nil
            if copy.nodes[path]?.isFolder == true { copy.nodes[path]?.modified = "" }
        }
        return copy
    }

    var description: String { nodes.keys.sorted().joined(separator: " ") }

    /// All names below a folder, of whatever kind, for comparing what is on disk before and after.
    static func names(below root: FilePath) throws -> [String] {
        var names: [String] = []
        try walkTree(root) { names.append($0.path) }
        return names.filter { !$0.hasSuffix("/committed") }.sorted()
    }
}

/// What is at one path of a tree.
struct FileRecord: Equatable, CustomStringConvertible {
    fileprivate(set) var mode: UInt32 = 0
    fileprivate(set) var owner = ""
    fileprivate(set) var device = ""
    fileprivate(set) var size = 0
    /// `seconds.nanoseconds`.
    fileprivate(set) var modified = ""
    /// A hash of all bytes, or of a link's target; differs from one run to the next.
    fileprivate(set) var hash = 0
    /// The first bytes, for people.
    fileprivate(set) var start = ""
    fileprivate(set) var attributes: [String: [UInt8]] = [:]
    /// The first path, in order, of the same file, where it has several.
    fileprivate(set) var same: String?

    var isFolder: Bool { mode & S_IFMT == S_IFDIR }

    var description: String { "\(kind) \(String(mode & 0o7777, radix: 8)), \(size) bytes" }

    /// Each property that differs, with both values.
    func difference(from other: FileRecord) -> String {
        var found: [String] = []
        func add<T: Equatable>(_ name: String, _ new: T, _ old: T) {
            if new != old { found.append("\(name) \(new), not \(old)") }
        }
        add("kind", kind, other.kind)
        add("mode", String(mode & 0o7777, radix: 8), String(other.mode & 0o7777, radix: 8))
        add("owner", owner, other.owner)
        add("device", device, other.device)
        add("size", size, other.size)
        add("time", modified, other.modified)
        if hash != other.hash { add("content", "'\(start)…'", "'\(other.start)…'") }
        if hash != other.hash, start == other.start { found.append("content differs after the first \(start.count)") }
        for key in Set(attributes.keys).union(other.attributes.keys).sorted() {
            let (new, old) = (attributes[key], other.attributes[key])
            add(key, new.map(hex) ?? "absent", old.map(hex) ?? "absent")
        }
        add("is the same file as", same ?? "no other", other.same ?? "no other")
        return found.joined(separator: "; ")
    }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = bytes.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "\(digits)\(bytes.count > 8 ? "…" : "") (\(bytes.count) bytes)"
    }

    private var kind: String {
        switch mode & S_IFMT {
        case S_IFREG: "file"
        case S_IFDIR: "folder"
        case S_IFLNK: "symbolic link"
        case S_IFIFO: "fifo"
        case S_IFSOCK: "socket"
        case S_IFCHR: "character device"
        case S_IFBLK: "block device"
        default: "unknown"
        }
    }
}

/// One entry of a tree that is walked.
struct TreeEntry: ~Copyable {
    /// Below the root.
    let path: String
    let name: FileName
    /// The open folder it is in.
    let folder: CInt
    let status: stat
    var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }
}

/// Calls `body` for each entry below `root`, in order, folders before what is in them.
func walkTree(_ root: FilePath, _ body: (borrowing TreeEntry) throws -> Void) throws {
    func walk(_ folder: CInt, _ path: String) throws {
        for name in try entries(of: folder, path) {
            let inside = path.isEmpty ? readable(name) : path + "/" + readable(name)
            var status = stat()
            try sys("look at \(inside)") { name.withCString { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) } }
            let entry = TreeEntry(path: inside, name: name, folder: folder, status: status)
            try body(entry)
            guard entry.isFolder else { continue }
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let child = OwnedDescriptor(try sys("open \(inside)") { name.withCString { openat(folder, $0, flags) } })
            try walk(child.rawValue, inside)
        }
    }
    let top = OwnedDescriptor(try sys("open \(root)") { open(root.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    try walk(top.rawValue, "")
}

private func readable(_ name: FileName) -> String {
    let bytes = Array(name.bytes)
    return String(validating: bytes, as: UTF8.self) ?? readable(bytes)
}

/// Bytes for people.
private func readable(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { (0x20..<0x7f).contains($0) ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
}

private struct FileReader {
    private var buffer = [UInt8](repeating: 0, count: 1 << 17)

    mutating func record(of entry: borrowing TreeEntry) throws -> FileRecord {
        let status = entry.status
        let kind = status.st_mode & S_IFMT
        var record = FileRecord()
        record.mode = status.st_mode
        record.owner = "\(status.st_uid):\(status.st_gid)"
        record.modified = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        if kind == S_IFCHR || kind == S_IFBLK {
            record.device = "\(linux_major(status.st_rdev)):\(linux_minor(status.st_rdev))"
        }
        if kind == S_IFREG || kind == S_IFLNK { record.size = Int(status.st_size) }
        if kind == S_IFREG { try readFile(entry, &record) }
        if kind == S_IFLNK { try readLink(entry, &record) }
        let attributes = try entry.name.withCString { try extendedAttributes(of: $0, in: entry.folder, entry.path) }
        for attribute in attributes where Self.isCarried(attribute.key) {
            record.attributes[attribute.key] = attribute.value
        }
        return record
    }

    /// Attributes that a layer carries.
    private static func isCarried(_ key: String) -> Bool {
        key == "security.capability" || key.hasPrefix("user.") || key.hasPrefix("system.posix_acl_")
    }

    private mutating func readFile(_ entry: borrowing TreeEntry, _ record: inout FileRecord) throws {
        let (folder, flags) = (entry.folder, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        let file = OwnedDescriptor(
            try sys("open \(entry.path)") { entry.name.withCString { openat(folder, $0, flags) } }
        )
        var hasher = Hasher()
        var isFirst = true
        while case let count = try sys("read \(entry.path)", { read(file.rawValue, &buffer, buffer.count) }), count > 0
        {
            if isFirst { record.start = readable(buffer[..<min(count, 24)]) }
            isFirst = false
            buffer.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        record.hash = hasher.finalize()
    }

    private mutating func readLink(_ entry: borrowing TreeEntry, _ record: inout FileRecord) throws {
        let folder = entry.folder
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try sys("read the link \(entry.path)") {
            entry.name.withCString { readlinkat(folder, $0, &target, target.count) }
        }
        let bytes = target[..<count].map { UInt8(bitPattern: $0) }
        record.start = readable(bytes.prefix(24))
        record.hash = bytes.hashValue
    }
}
