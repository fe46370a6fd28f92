import CLinux
import Glibc
import Linux
import SystemPackage

/// Copies what a folder of the image holds into the tmpfs that was mounted on it (`tmpcopyup`), with owners, modes, times
/// and extended attributes.
struct CopyUp {
    /// Descriptors of the folders.
    let from: CInt
    let to: CInt

    func run() throws {
        // A handle on a path alone can't be listed.
        let source = OwnedDescriptor(try sys("open the covered folder") { openat(from, ".", Self.folder) })
        let target = OwnedDescriptor(try sys("open the tmpfs") { openat(to, ".", Self.folder) })
        try copyFolder(source.rawValue, target.rawValue, 0)
    }

    private static let folder = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW

    private func copyFolder(_ source: CInt, _ target: CInt, _ depth: Int) throws {
        guard depth < 128 else { throw StepError("tmpcopyup: folders in folders, more than 128 times") }
        for name in try listFolder(FilePath("/proc/self/fd/\(source)")) {
            var status = stat()
            try sys("look at \(name)") { fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW) }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                try sys("mkdir \(name)") { mkdirat(target, name, 0o700) }
                let inner = OwnedDescriptor(try sys("open \(name)") { openat(source, name, Self.folder) })
                let made = OwnedDescriptor(try sys("open the new \(name)") { openat(target, name, Self.folder) })
                try copyFolder(inner.rawValue, made.rawValue, depth + 1)
            case S_IFREG: try copyFile(name, source, target)
            case S_IFLNK: try copyLink(name, source, target)
            default: try sys("make \(name)") { mknodat(target, name, status.st_mode, status.st_rdev) }
            }
            try copyAttributes(name, source, target, status)
        }
    }

    private func copyFile(_ name: String, _ source: CInt, _ target: CInt) throws {
        let old = OwnedDescriptor(try sys("open \(name)") { openat(source, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) })
        let new = OwnedDescriptor(
            try sys("make \(name)") { openat(target, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        )
        while try sys("copy \(name)", { sendfile(new.rawValue, old.rawValue, nil, 1 << 30) }) > 0 {}
    }

    private func copyLink(_ name: String, _ source: CInt, _ target: CInt) throws {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        try sys("read the link \(name)") { readlinkat(source, name, &text, Int(PATH_MAX)) }
        try sys("link \(name)") { symlinkat(text, target, name) }
    }

    /// The mode last, since a change of owner clears bits of it.
    private func copyAttributes(_ name: String, _ source: CInt, _ target: CInt, _ status: stat) throws {
        try sys("set the owner of \(name)") {
            fchownat(target, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)
        }
        var list = [CChar](repeating: 0, count: 1 << 16)
        let length = max(0, linux_list_xattrs(source, name, &list, list.count))
        for key in list[..<length].split(separator: 0) {
            let text = Array(key) + [0]
            var value = [UInt8](repeating: 0, count: 1 << 16)
            let size = linux_get_xattr(source, name, text, &value, value.count)
            // A tmpfs has not all kinds of attributes.
            if size >= 0 { _ = linux_set_xattr(target, name, text, value, size) }
        }
        if status.st_mode & S_IFMT != S_IFLNK {
            try sys("set the mode of \(name)") { fchmodat(target, name, status.st_mode & 0o7777, 0) }
        }
        let (read, written) = (status.st_atim, status.st_mtim)
        try sys("set the times of \(name)") {
            linux_set_times(target, name, Int64(read.tv_sec), read.tv_nsec, Int64(written.tv_sec), written.tv_nsec)
        }
    }
}
