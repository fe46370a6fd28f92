import Glibc
import Linux
import SystemPackage

/// A tree to change and to look at, by paths below its root.
struct Tree {
    let root: FilePath

    func path(_ name: String) -> FilePath { root.appending(name) }

    func file(_ name: String, _ content: String = "content", mode: UInt32 = 0o644) throws {
        try writeFile(Array(content.utf8), to: path(name), mode: FilePermissions(rawValue: mode))
    }

    func folder(_ name: String, mode: UInt32 = 0o755) throws {
        try sys("make folder \(name)") { mkdir(path(name).string, mode) }
        try self.mode(name, mode)
    }

    func link(_ name: String, to target: String) throws {
        try sys("make the link \(name)") { symlink(target, path(name).string) }
    }

    func hardLink(_ name: String, to other: String) throws {
        try sys("link \(name) to \(other)") { Glibc.link(path(other).string, path(name).string) }
    }

    func node(_ name: String, _ kind: UInt32, major: UInt32 = 0, minor: UInt32 = 0) throws {
        let device = makedev(major, minor)
        try sys("make the node \(name)") { mknod(path(name).string, kind | 0o640, device) }
    }

    func mode(_ name: String, _ mode: UInt32) throws {
        try sys("set the mode of \(name)") { chmod(path(name).string, mode) }
    }

    func owner(_ name: String, _ user: UInt32, _ group: UInt32) throws {
        try sys("set the owner of \(name)") { lchown(path(name).string, user, group) }
    }

    func time(_ name: String, seconds: Int, nanoseconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: nanoseconds), timespec(tv_sec: seconds, tv_nsec: nanoseconds)]
        try sys("set the times of \(name)") { utimensat(AT_FDCWD, path(name).string, times, AT_SYMLINK_NOFOLLOW) }
    }

    func attribute(_ name: String, _ key: String, _ value: [UInt8]) throws {
        do { try setExtendedAttribute(key, value, at: path(name)) } catch {
            guard error.errno == .notSupported else { throw error }
            throw Skipped(description: "this file system has no \(key)")
        }
    }

    func rename(_ old: String, to new: String) throws {
        try sys("rename \(old)") { Glibc.rename(path(old).string, path(new).string) }
    }

    func remove(_ name: String) throws { try removeTree(path(name)) }

    func text(_ name: String) throws -> String { String(decoding: try readFile(path(name)), as: UTF8.self) }

    func has(_ name: String) -> Bool { exists(path(name)) }

    private func makedev(_ major: UInt32, _ minor: UInt32) -> UInt {
        UInt((minor & 0xff) | ((major & 0xfff) << 8)) | (UInt(minor & ~0xff) << 12)
    }
}
