import CArchive
import CLinux
import Glibc
package import Linux
package import SystemPackage

/// One file, folder or link in a tree that its owner may change at any time, found as a process in it would find it.
///
/// Links on the way are followed within the tree, whatever they say (openat2, RESOLVE_IN_ROOT); the last name is not, unless
/// the path ends in `/` or `/.`.
package final class ContainedFile {
    private let root: OwnedDescriptor
    /// Where it is, or the folder itself with the name `.`.
    private let folder: OwnedDescriptor
    private let name: FileName
    private let components: [Substring]
    private let status: stat

    /// Throws `SystemError` where nothing is there.
    package init(_ path: String, in root: FilePath) throws(SystemError) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        self.root = OwnedDescriptor(try sys("open \(root)") { open(root.string, flags) })
        components = Self.components(of: path)
        let isFollowed = components.isEmpty || path.hasSuffix("/") || path.hasSuffix("/.")
        let above = "/" + (isFollowed ? components : components.dropLast()).joined(separator: "/")
        let descriptor = self.root.rawValue
        folder = OwnedDescriptor(
            try sys("open \(above)") { linux_open_in_root(descriptor, above, UInt64(O_RDONLY | O_DIRECTORY)) }
        )
        name = FileName((isFollowed ? "." : String(components.last ?? ".")).utf8CString.map { $0 })
        guard let status = try look(at: name, in: folder.rawValue) else {
            throw SystemError("look at \(path)", .noSuchFileOrDirectory)
        }
        self.status = status
    }

    /// The names of a path, without `.`, and without what `..` takes back.
    package static func components(of path: String) -> [Substring] {
        path.split(separator: "/").reduce(into: []) { names, name in
            if name == ".." { _ = names.popLast() } else if name != "." { names.append(name) }
        }
    }

    /// The last name of its path; the root's is `/`.
    package var base: String { components.last.map(String.init) ?? "/" }
    package var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }
    package var size: Int64 { Int64(status.st_size) }
    /// As `man 7 inode` has it.
    package var mode: UInt32 { UInt32(status.st_mode) }
    package var modified: (seconds: Int64, nanoseconds: Int) {
        (Int64(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    }
    /// The folder itself, as long as this value lives; for one that was found with `/.`.
    package var path: FilePath { FilePath("/proc/self/fd/\(folder.rawValue)") }
    /// Whether nothing can be made in this folder, since it is mounted so.
    package var isReadOnly: Bool {
        var about = statvfs()
        return fstatvfs(folder.rawValue, &about) == 0 && about.f_flag & UInt(ST_RDONLY) != 0
    }

    /// O_PATH, which Glibc's module does not have.
    private static let pathOnly: UInt64 = 0o10000000

    /// What a link says; nil where this is no link.
    package var linkText: String? {
        guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
        return name.withCString { Self.link($0, in: folder.rawValue) }
    }

    /// Where a link leads to in the tree, in the end; what it says where that is nowhere. Nil where this is no link.
    package var linkTarget: String? {
        guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
        let path = "/" + components.joined(separator: "/")
        let found = linux_open_in_root(root.rawValue, path, Self.pathOnly)
        if found >= 0 {
            let file = OwnedDescriptor(found)
            if let whole = Self.path(of: file.rawValue), let root = Self.path(of: root.rawValue) {
                let below = root == "/" ? whole : whole.hasPrefix(root) ? String(whole.dropFirst(root.count)) : whole
                return below.isEmpty ? "/" : below
            }
        }
        let target = name.withCString { Self.link($0, in: folder.rawValue) } ?? ""
        let above = target.hasPrefix("/") ? "" : components.dropLast().joined(separator: "/") + "/"
        return "/" + Self.components(of: above + target).joined(separator: "/")
    }

    /// Writes it, with all that is in it, as a tar in which it is called `base`.
    package func write(as base: String, to sink: any ByteSink, owners: OwnerMap? = nil) throws {
        let writer = try TreeWriter(sink, owners: owners)
        let path = Array(base.utf8)
        let isThere = try name.withCString { try writer.add($0, in: folder.rawValue, status, as: path) }
        guard isThere else { throw ArchiveError.invalidName(member: base, reason: "a tar can't hold what it is") }
        if isFolder, let child = try openChild(name, in: folder.rawValue, path) {
            defer { close(child) }
            try TreeWalk(writer: writer).addEntries(of: child, path)
        }
        try writer.finish()
    }

    private static func path(of descriptor: CInt) -> String? { link("/proc/self/fd/\(descriptor)", in: AT_FDCWD) }

    private static func link(_ name: UnsafePointer<CChar>, in folder: CInt) -> String? {
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(folder, name, &target, target.count)
        return count < 0 ? nil : String(decoding: target[..<count], as: UTF8.self)
    }
}

/// Opens a regular file of a tree to be read, following links within the tree only; -1 where there is none.
package func openContained(_ path: String, in root: CInt) -> CInt {
    linux_open_in_root(root, path, UInt64(O_RDONLY | O_NONBLOCK | O_NOCTTY))
}
