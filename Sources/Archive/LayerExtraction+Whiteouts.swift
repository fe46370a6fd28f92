import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

private let prefix = Array(".wh.".utf8)
private let metadataPrefix = Array(".wh..wh.".utf8)
private let opaqueName = Array(".wh..wh..opq".utf8)

extension LayerExtraction {
    /// Does what a `.wh.` member says; false if it is none.
    func applyWhiteout() throws -> Bool {
        let name = path.name
        guard name.starts(with: prefix) || isMetadata(path.folder) else { return false }
        if name.elementsEqual(opaqueName) {
            try makeOpaque()
            return true
        }
        // AUFS's own folders (`.wh..wh.plnk`) mean nothing to anybody else.
        if name.starts(with: metadataPrefix) || isMetadata(path.folder) { return true }
        let hidden = name.dropFirst(prefix.count)
        guard !hidden.isEmpty, !hidden.elementsEqual([0x2e]), !hidden.elementsEqual([0x2e, 0x2e]) else {
            throw ArchiveError.invalidWhiteout(member: path.text)
        }
        if style == .overlay { try makeWhiteout() } else { try deleteHidden(Array(hidden)) }
        return true
    }

    private func isMetadata(_ folder: ArraySlice<UInt8>) -> Bool {
        folder.split(separator: 0x2f).contains { $0.starts(with: metadataPrefix) }
    }

    /// A whiteout speaks of the layers below: what this layer has of that name stays, its folders cut off from below.
    private func makeWhiteout() throws {
        let folder = try folders.folder(of: path)
        if path.withName(from: prefix.count, { mknodat(folder, $0, S_IFCHR, 0) }) == 0 { return }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let own = path.withName(from: prefix.count) { openat(folder, $0, flags) }
        if own >= 0 {
            let descriptor = OwnedDescriptor(own)
            return try setOpaque(descriptor.rawValue)
        }
        var status = stat()
        try sys("make a whiteout for \(path.text)") {
            path.withName(from: prefix.count) { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
    }

    /// overlayfs.rst: a folder with this attribute shows nothing of the lower ones.
    func setOpaque(_ folder: CInt) throws {
        try sys("make \(path.text) opaque") { linux_fset_xattr(folder, "trusted.overlay.opaque", "y", 1) }
    }

    private func makeOpaque() throws {
        if style == .overlay { return try setOpaque(folders.folder(of: path)) }
        guard let folder = try folders.existingFolder(of: path) else { return }
        try clear(folder, Array(path.folder))
        folders.invalidate()
    }

    /// Deletes what is in the folder, save what this layer brought.
    private func clear(_ folder: CInt, _ folderPath: [UInt8]) throws {
        for name in try entries(of: folder, path.text) {
            let child = (folderPath.isEmpty ? [] : folderPath + [0x2f]) + name.bytes
            try name.withCString { try delete($0, in: folder, child) }
        }
    }

    private func deleteHidden(_ hidden: [UInt8]) throws {
        let folder = try folders.existingFolder(of: path)
        guard let folder else { return }
        let child = path.isTop ? hidden : path.folder + [0x2f] + hidden
        try path.withName(from: prefix.count) { try delete($0, in: folder, child) }
        folders.invalidate()
    }

    private func delete(_ name: UnsafePointer<CChar>, in folder: CInt, _ child: [UInt8]) throws {
        guard unpacked.contains(child) else { return try remove(name, in: folder) }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let own = openat(folder, name, flags)
        guard own >= 0 else { return }
        let descriptor = OwnedDescriptor(own)
        try clear(descriptor.rawValue, child)
    }

    /// Deletes what has the member's name, whatever it is, following no link.
    func removeExisting(in folder: CInt) throws {
        if let old = try style == .applied ? nil : status(in: folder) {
            let wasFolder = old.st_mode & S_IFMT == S_IFDIR
            if keepsKinds, wasFolder != isFolder { throw ArchiveError.otherKind(member: path.text, isFolder: isFolder) }
            if !wasFolder, old.st_nlink == 1 { size -= Int64(old.st_size) }
        }
        try path.withName { try remove($0, in: folder) }
        folders.invalidate()
    }

    private func remove(_ name: UnsafePointer<CChar>, in folder: CInt) throws {
        if unlinkat(folder, name, 0) == 0 { return }
        // Through /proc it is still the folder that we hold open, whatever became of its path.
        try removeTree(FilePath("/proc/self/fd/\(folder)").appending(FilePath(platformString: name).components))
    }

    /// What has the member's name, or nil.
    func status(in folder: CInt) throws -> stat? {
        var status = stat()
        do {
            try sys("look at \(path.text)") { path.withName { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) } }
            return status
        } catch {
            if error.errno == .noSuchFileOrDirectory { return nil }
            throw error
        }
    }

    func isWhiteout(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0 }
}
