import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

// Whiteouts that stay files: empty ones, whatever the member is. Other names of aufs's own are left out, and what is in
// folders of such names: no aufs could show it. A layer may say that `x` is gone and bring another `x`: aufs would take
// that for gone, too, so the whiteout goes, and a folder is made opaque in its stead.

extension LayerExtraction {
    /// Takes a `.wh.` member of an aufs branch; false if it is to be unpacked like any other.
    func takeBranchWhiteout(_ entry: OpaquePointer) throws -> Bool {
        let name = path.name
        if path.folder.split(separator: 0x2f).contains(where: { $0.starts(with: whiteoutPrefix) }) { return true }
        guard name.starts(with: whiteoutPrefix) else {
            if !branchWhiteouts.isEmpty { try replaceWhiteouts(archive_entry_filetype(entry) == S_IFDIR) }
            return false
        }
        if name.starts(with: aufsPrefix) {
            if name.elementsEqual(".wh..wh..opq".utf8) { try makeNote(".wh..wh..opq", in: folders.folder(of: path)) }
            return true
        }
        let hidden = name.dropFirst(whiteoutPrefix.count)
        guard !hidden.isEmpty, !hidden.elementsEqual([0x2e]), !hidden.elementsEqual([0x2e, 0x2e]) else {
            throw ArchiveError.invalidWhiteout(member: path.text)
        }
        let folder = try folders.folder(of: path)
        var own = stat()
        if path.withName(from: whiteoutPrefix.count, { fstatat(folder, $0, &own, AT_SYMLINK_NOFOLLOW) }) == 0 {
            if own.st_mode & S_IFMT == S_IFDIR { try makeOpaque(Array(hidden), in: folder) }
            return true
        }
        branchWhiteouts.insert((path.isTop ? [] : path.folder + [0x2f]) + hidden)
        try path.withName { try makeNote($0, in: folder) }
        return true
    }

    /// The member at hand, or a folder above it, was said to be gone: now only that of the lower layers is.
    private func replaceWhiteouts(_ isFolder: Bool) throws {
        let above = path.folders.map { Array($0) }
        for whole in above + [path.joined] where branchWhiteouts.remove(whole) != nil {
            let slash = whole.lastIndex(of: 0x2f)
            let place = (slash.map { Array(whole[..<$0]) } ?? [0x2e]).map { CChar(bitPattern: $0) } + [0]
            let parent = OwnedDescriptor(
                try sys("open the folder of \(path.text)") {
                    linux_open_in_root(root, place, UInt64(O_RDONLY | O_DIRECTORY))
                }
            )
            let name = Array(whole[(slash.map { $0 + 1 } ?? 0)...])
            unlinkat(parent.rawValue, (whiteoutPrefix + name).map { CChar(bitPattern: $0) } + [0], 0)
            guard isFolder || whole.count < path.joined.count else { return }
            let text = name.map { CChar(bitPattern: $0) } + [0]
            try sys("make a folder of \(path.text)") { mkdirat(parent.rawValue, text, 0o755) }
            try sys("set the mode of a folder of \(path.text)") { fchmodat(parent.rawValue, text, 0o755, 0) }
            try makeOpaque(name, in: parent.rawValue)
        }
    }

    private func makeOpaque(_ name: [UInt8], in folder: CInt) throws {
        let text = name.map { CChar(bitPattern: $0) } + [0]
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let own = OwnedDescriptor(try sys("open a folder of \(path.text)") { openat(folder, text, flags) })
        try makeNote(".wh..wh..opq", in: own.rawValue)
    }

    private func makeNote(_ name: UnsafePointer<CChar>, in folder: CInt) throws {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        _ = OwnedDescriptor(try sys("make the whiteout \(path.text)") { openat(folder, name, flags, 0o444) })
    }
}
