import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// Copies the tree `from` to `to`, which is made if it is not there: contents with their holes, hard links, owners,
/// modes, times, extended attributes, links, devices, pipes, sockets. Shares blocks where the file system can.
///
/// On an error the caller removes `to`.
public func copyTree(_ from: FilePath, to: FilePath) throws {
    let source = try openFolder(from)
    defer { close(source) }
    do throws(SystemError) { try sys("make folder \(to)") { mkdir(to.string, 0o700) } } catch {
        guard error.errno == .fileExists else { throw error }
    }
    let target = try openFolder(to)
    defer { close(target) }
    var copy = TreeCopy(targetRoot: target)
    try copy.copyEntries(source, target, [])
    var status = stat()
    try sys("look at \(from)") { fstat(source, &status) }
    try copy.copyMetadata("", source, "", target, status, to.string)
}

private struct TreeCopy {
    private struct Inode: Hashable {
        let device: dev_t
        let number: ino_t
    }

    private let targetRoot: CInt
    private var links: [Inode: [CChar]] = [:]
    private var file = FileCopy()

    init(targetRoot: CInt) { self.targetRoot = targetRoot }

    mutating func copyEntries(_ source: CInt, _ target: CInt, _ path: [UInt8]) throws {
        for name in try entries(of: source, String(decoding: path, as: UTF8.self)) {
            let whole = joinedPath(path, name)
            try requireShort(whole)
            try name.withCString { try copy($0, source, target, whole) }
        }
    }

    private mutating func copy(_ name: UnsafePointer<CChar>, _ source: CInt, _ target: CInt, _ path: [UInt8]) throws {
        let text = String(decoding: path, as: UTF8.self)
        var status = stat()
        try sys("look at \(text)") { fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW) }
        let type = status.st_mode & S_IFMT
        if type != S_IFDIR, status.st_nlink > 1 {
            let inode = Inode(device: status.st_dev, number: status.st_ino)
            if let first = links[inode] {
                try sys("link \(text)") { linkat(targetRoot, first, target, name, 0) }
                return
            }
            links[inode] = path.map { CChar(bitPattern: $0) } + [0]
        }
        switch type {
        case S_IFREG:
            try file.copy(name, source, target, Int64(status.st_size), text)
        case S_IFDIR:
            try sys("make folder \(text)") { mkdirat(target, name, 0o700) }
            try copyFolder(name, source, target, path)
        case S_IFLNK:
            var link = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            try sys("read link \(text)") { readlinkat(source, name, &link, Int(PATH_MAX)) }
            try sys("make link \(text)") { symlinkat(link, target, name) }
        default:
            try sys("make \(text)") { mknodat(target, name, type | 0o600, status.st_rdev) }
        }
        try copyMetadata(name, source, name, target, status, text)
    }

    private mutating func copyFolder(_ name: UnsafePointer<CChar>, _ source: CInt, _ target: CInt, _ path: [UInt8])
        throws
    {
        let text = String(decoding: path, as: UTF8.self)
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let from = try sys("open \(text)") { openat(source, name, flags) }
        defer { close(from) }
        let to = try sys("open the copy of \(text)") { openat(target, name, flags) }
        defer { close(to) }
        try copyEntries(from, to, path)
    }

    /// Owner first: changing it clears setuid and capabilities. Times last; a folder's when all in it is done.
    func copyMetadata(
        _ name: UnsafePointer<CChar>,
        _ source: CInt,
        _ newName: UnsafePointer<CChar>,
        _ target: CInt,
        _ status: stat,
        _ text: String
    ) throws {
        let isSelf = newName.pointee == 0
        try sys("set the owner of \(text)") {
            isSelf
                ? fchown(target, status.st_uid, status.st_gid)
                : fchownat(target, newName, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)
        }
        for attribute in try extendedAttributes(of: name, in: source, text) {
            try set(attribute, newName, target, text)
        }
        let mode = status.st_mode & 0o7777
        if status.st_mode & S_IFMT != S_IFLNK {
            try sys("set the mode of \(text)") { isSelf ? fchmod(target, mode) : fchmodat(target, newName, mode, 0) }
        }
        try sys("set the times of \(text)") {
            linux_set_times(
                target,
                newName,
                Int64(status.st_atim.tv_sec),
                status.st_atim.tv_nsec,
                Int64(status.st_mtim.tv_sec),
                status.st_mtim.tv_nsec
            )
        }
    }

    private func set(
        _ attribute: ExtendedAttribute,
        _ name: UnsafePointer<CChar>,
        _ target: CInt,
        _ text: String
    ) throws {
        // overlayfs's notes are about inodes of other layers: in a copy they would be lies.
        if attribute.key.hasPrefix("trusted.overlay.") { return }
        try sys("set \(attribute.key) of \(text)") {
            attribute.value.withUnsafeBytes { linux_set_xattr(target, name, attribute.key, $0.baseAddress, $0.count) }
        }
    }
}
