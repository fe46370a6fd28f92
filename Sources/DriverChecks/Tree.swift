import CLinux
import Glibc
import Linux
import SystemPackage

/// A tree to change and to look at, by paths below its root.
struct Tree {
    let root: FilePath
    /// The root with a slash: joining texts is faster than joining `FilePath`s.
    private let base: String

    init(root: FilePath) {
        self.root = root
        base = root.string + "/"
    }

    func path(_ name: String) -> FilePath { FilePath(base + name) }

    func file(_ name: String, _ content: String = "content", mode: UInt32 = 0o644) throws {
        try file(name, Array(content.utf8), mode: mode)
    }

    func file(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
        try writeFile(bytes, to: path(name), mode: FilePermissions(rawValue: mode))
    }

    func folder(_ name: String, mode: UInt32 = 0o755) throws {
        try sys("make folder \(name)") { mkdir(base + name, mode) }
        try self.mode(name, mode)
    }

    func link(_ name: String, to target: String) throws {
        try sys("make the link \(name)") { symlink(target, base + name) }
    }

    func hardLink(_ name: String, to other: String) throws {
        try sys("link \(name) to \(other)") { Glibc.link(base + other, base + name) }
    }

    func node(_ name: String, _ kind: UInt32, major: UInt32 = 0, minor: UInt32 = 0) throws {
        let device = linux_makedev(major, minor)
        try sys("make the node \(name)") { mknod(base + name, kind | 0o640, device) }
    }

    func mode(_ name: String, _ mode: UInt32) throws {
        try sys("set the mode of \(name)") { chmod(base + name, mode) }
    }

    func owner(_ name: String, _ user: UInt32, _ group: UInt32) throws {
        try sys("set the owner of \(name)") { lchown(base + name, user, group) }
    }

    func time(_ name: String, seconds: Int, nanoseconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: nanoseconds), timespec(tv_sec: seconds, tv_nsec: nanoseconds)]
        try sys("set the times of \(name)") { utimensat(AT_FDCWD, base + name, times, AT_SYMLINK_NOFOLLOW) }
    }

    func attribute(_ name: String, _ key: String, _ value: [UInt8]) throws {
        do { try setExtendedAttribute(key, value, at: path(name)) } catch {
            guard error.errno == .notSupported else { throw error }
            throw Skipped(description: "this file system has no \(key)")
        }
    }

    func removeAttribute(_ name: String, _ key: String) throws {
        let folder = try open(".", O_RDONLY | O_DIRECTORY)
        try sys("remove \(key) of \(name)") { linux_remove_xattr(folder.rawValue, name, key) }
    }

    func rename(_ old: String, to new: String) throws {
        try sys("rename \(old)") { Glibc.rename(base + old, base + new) }
    }

    func remove(_ name: String) throws { try removeTree(path(name)) }

    func text(_ name: String) throws -> String { String(decoding: try readFile(path(name)), as: UTF8.self) }

    func has(_ name: String) -> Bool {
        var status = stat()
        return lstat(base + name, &status) == 0
    }
}
