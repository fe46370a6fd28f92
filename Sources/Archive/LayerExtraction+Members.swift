import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

extension LayerExtraction {
    func unpackFile(_ entry: OpaquePointer, _ input: ArchiveInput) throws {
        let folder = try folders.folder(of: path)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = try make(in: folder) { openat(folder, $0, flags, 0o600) }
        defer { close(file) }
        let length = archive_entry_size(entry)
        var end: Int64 = 0
        if length > 0 {
            while let (bytes, offset) = try input.nextBlock() {
                try write(bytes, to: file, at: offset)
                end = offset + Int64(bytes.count)
            }
        }
        if end < length { try sys("set the size of \(path.text)") { ftruncate(file, off_t(length)) } }
        if style != .applied { size += max(length, end) }
        let metadata = try Metadata(entry, path)
        if folders.givesAttributes { try path.withName { try metadata.clearOthers($0, in: folder, path) } }
        try metadata.apply(to: file, isNew: !folders.givesAttributes, path)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to file: CInt, at offset: Int64) throws {
        var done = 0
        while done < bytes.count {
            done += try sys("write \(path.text)") {
                pwrite(file, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
            }
        }
    }

    func unpackFolder(_ entry: OpaquePointer) throws {
        let parent = try folders.folder(of: path)
        var (isNew, hidesLower) = (true, false)
        if path.withName({ mkdirat(parent, $0, 0o700) }) != 0 {
            let old = try status(in: parent)
            if let old, old.st_mode & S_IFMT == S_IFDIR {
                isNew = false
            } else {
                // The whiteout came first, then a new folder of that name: nothing of the lower one may show.
                hidesLower = old.map { style == .overlay && isWhiteout($0) } ?? false
                try make(in: parent) { mkdirat(parent, $0, 0o700) }
            }
        }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let folder = try sys("open \(path.text)") { path.withName { openat(parent, $0, flags) } }
        do {
            try finishFolder(folder, Metadata(entry, path), isNew: isNew)
            if hidesLower { try setOpaque(folder) }
        } catch {
            close(folder)
            throw error
        }
        folders.adopt(folder, path.joined)
    }

    func unpackSymbolicLink(_ entry: OpaquePointer) throws {
        guard let target = archive_entry_symlink(entry), target.pointee != 0 else {
            throw ArchiveError.damaged(reason: "member \(path.text) is a symbolic link to nothing")
        }
        let folder = try folders.folder(of: path)
        try make(in: folder) { symlinkat(target, folder, $0) }
        if style != .applied { size += Int64(strlen(target)) }
        let metadata = try Metadata(entry, path)
        try path.withName { try metadata.apply(to: $0, in: folder, isLink: true, path) }
    }

    func unpackDevice(_ entry: OpaquePointer) throws {
        let folder = try folders.folder(of: path)
        let type = archive_entry_filetype(entry)
        let device =
            type == S_IFIFO
            ? 0
            : linux_makedev(
                UInt32(truncatingIfNeeded: archive_entry_rdevmajor(entry)),
                UInt32(truncatingIfNeeded: archive_entry_rdevminor(entry))
            )
        try make(in: folder) { mknodat(folder, $0, type | 0o600, device) }
        let metadata = try Metadata(entry, path)
        if folders.givesAttributes { try path.withName { try metadata.clearOthers($0, in: folder, path) } }
        try path.withName { try metadata.apply(to: $0, in: folder, isLink: false, path) }
    }

    func unpackHardLink(_ entry: OpaquePointer) throws {
        guard let raw = archive_entry_hardlink(entry) else { return }
        let target = try withRenamed(raw) { try path.other($0, limits) }
        guard !target.isRoot, target.joined != path.joined else {
            throw ArchiveError.noLinkTarget(member: path.text, target: target.text)
        }
        let folder = try folders.folder(of: path)
        let from = try openFolder(of: target)
        defer { close(from) }
        do {
            try target.withName { name in
                var status = stat()
                try sys("look at \(target.text)") { fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) }
                try make(in: folder) { linkat(from, name, folder, $0, 0) }
            }
        } catch let error as SystemError where error.errno == .noSuchFileOrDirectory {
            throw ArchiveError.noLinkTarget(member: path.text, target: target.text)
        }
    }

    private func openFolder(of target: MemberPath) throws -> CInt {
        let flags = UInt64(O_RDONLY | O_DIRECTORY)
        do {
            return try sys("open the folder of \(target.text)") {
                target.isTop
                    ? linux_open_in_root(root, ".", flags)
                    : target.withFolder { linux_open_in_root(root, $0, flags) }
            }
        } catch {
            guard error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory else { throw error }
            throw ArchiveError.noLinkTarget(member: path.text, target: target.text)
        }
    }

    /// Makes the member by `call`; what has its name already is removed first, and never written to.
    @discardableResult
    private func make(in folder: CInt, _ call: (UnsafePointer<CChar>) -> CInt) throws -> CInt {
        do {
            return try sys("make \(path.text)") { path.withName(call) }
        } catch {
            guard error.errno == .fileExists else { throw error }
            try removeExisting(in: folder)
            return try sys("make \(path.text)") { path.withName(call) }
        }
    }
}
