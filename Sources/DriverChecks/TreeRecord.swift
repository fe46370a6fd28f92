import CLinux
import Glibc
import Linux
import SystemPackage

/// All that a tree is, to be compared with another: every path, what it is, its attributes and its bytes.
struct TreeRecord: Equatable, CustomStringConvertible {
    struct Node: Equatable {
        var mode: UInt32 = 0
        var owner: [UInt32] = []
        var device: UInt = 0
        var size: Int = 0
        /// Seconds and nanoseconds.
        var modified: [Int] = []
        var content: UInt64 = 0
        var attributes: [String: [UInt8]] = [:]
        /// The first path, in order, of the same file.
        var same: FilePath?
    }

    var nodes: [FilePath: Node] = [:]

    /// Reads the tree at `root`, without the root itself.
    init(_ root: FilePath) throws {
        var files: [UInt64: FilePath] = [:]
        for path in Self.sorted(try Self.paths(below: root)) {
            var status = stat()
            let full = root.pushing(path)
            try sys("look at \(full)") { full.withPlatformString { lstat($0, &status) } }
            var node = Node()
            node.mode = status.st_mode
            node.owner = [status.st_uid, status.st_gid]
            node.modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
            let kind = status.st_mode & S_IFMT
            if kind == S_IFCHR || kind == S_IFBLK { node.device = status.st_rdev }
            if kind != S_IFDIR, status.st_nlink > 1 {
                node.same = files[UInt64(status.st_ino), default: path]
                files[UInt64(status.st_ino)] = node.same
            }
            if kind == S_IFREG || kind == S_IFLNK { node.size = Int(status.st_size) }
            if kind == S_IFREG { node.content = Self.sum(try readFile(full)) }
            if kind == S_IFLNK { node.content = Self.sum(try Self.target(of: full)) }
            for key in Self.keys where kind != S_IFLNK || key == Self.keys[0] {
                // A file system that knows no such attribute has none.
                if let value = try? extendedAttribute(key, at: full) { node.attributes[key] = value }
            }
            nodes[path] = node
        }
    }

    /// Attributes that a layer carries.
    private static let keys = [
        "security.capability", "user.varve", "user.empty", "system.posix_acl_access", "system.posix_acl_default",
    ]

    /// What is not as in `other`; empty where all is.
    func differences(from other: TreeRecord) -> [String] {
        Set(nodes.keys).union(other.nodes.keys).sorted { "\($0)" < "\($1)" }.compactMap { path in
            let (new, old) = (nodes[path], other.nodes[path])
            if new == old { return nil }
            return "\(path): \(new.map { "\($0)" } ?? "absent"), not \(old.map { "\($0)" } ?? "absent")"
        }
    }

    var description: String { nodes.keys.map { "\($0)" }.sorted().joined(separator: " ") }

    /// All names below a folder, of whatever kind, for comparing what is on disk before and after.
    static func names(below root: FilePath) throws -> [String] {
        try paths(below: root).map { "\($0)" }.filter { !$0.hasSuffix("/committed") }.sorted()
    }

    private static func paths(below root: FilePath, _ inside: FilePath = "") throws -> [FilePath] {
        let full = inside.isEmpty ? root : root.pushing(inside)
        guard let stream = full.withPlatformString({ opendir($0) }) else {
            throw SystemError("list \(full)", .ioError)
        }
        defer { closedir(stream) }
        var found: [FilePath] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath(platformString: $0) }
            }
            if name == "." || name == ".." { continue }
            let path = inside.isEmpty ? name : inside.pushing(name)
            found.append(path)
            if entry.pointee.d_type == UInt8(DT_DIR) { found += try paths(below: root, path) }
        }
        return found
    }

    private static func sorted(_ paths: [FilePath]) -> [FilePath] {
        paths.map { (path: $0, text: "\($0)") }.sorted { $0.text < $1.text }.map(\.path)
    }

    private static func target(of link: FilePath) throws -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try sys("read the link \(link)") {
            link.withPlatformString { readlink($0, &buffer, buffer.count) }
        }
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }

    /// FNV-1a over words: two contents of a check never meet in it by accident.
    private static func sum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { all in
            var sum: UInt64 = 0xcbf2_9ce4_8422_2325
            var start = 0
            while start < all.count {
                var word: UInt64 = 0
                if start + 8 <= all.count {
                    word = all.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                } else {
                    for byte in all[start...] { word = word << 8 | UInt64(byte) }
                }
                sum = (sum ^ word) &* 0x100_0000_01b3
                start += 8
            }
            return sum
        }
    }
}
