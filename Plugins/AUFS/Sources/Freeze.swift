// A branch at rest has aufs's notes only, so that aufs and dockerd can take it. While overlayfs or fuse-overlayfs write to
// it, it has theirs: a device 0:0 for a whiteout, an attribute for an opaque folder. `freezeBranch` and `thaw` turn one into the
// other. Both may be cut at any point and run again: a note is made before the one it replaces goes, and either counts.

import CLinux
import Glibc
import Linux
import SystemPackage

/// Turns what `writer` left in `branch` into aufs's notes; `lowers` are the other branches.
func freezeBranch(_ branch: FilePath, over lowers: [FilePath], _ writer: Writer) throws {
    let root = try openBranch(branch)
    var roots: [CInt] = []
    defer { for root in roots { close(root) } }
    for lower in lowers { roots.append(try openBranch(lower).release().rawValue) }
    let freezer = Freezer(lowers: roots, writer: writer)
    try walkFolders(root.rawValue) { try freezer.freeze($0, $1) }
}

private struct Freezer {
    let lowers: [CInt]
    let writer: Writer

    /// Translates one folder, and says which folders in it are next.
    func freeze(_ folder: CInt, _ path: WalkPath) throws -> [FileName] {
        let text = "\(path)"
        let state = try FolderState(folder, text)
        var isChanged = try freezeMark(folder, path.bytes, text)
        let names = try branchNames(of: folder, text)
        let shown = Set(names.filter { !$0.isDevice }.map(\.name))
        for entry in names {
            if let hidden = entry.hidden {
                isChanged = try freezeNote(entry.name, shown.contains(hidden) ? hidden : nil, folder, text) || isChanged
            } else if entry.isNote {
                // overlayfs's marks of new folders make fuse-overlayfs say that aufs's own files are gone.
                if entry.isDevice { isChanged = try delete(entry.name, in: folder, text) || isChanged }
            } else if entry.isDevice {
                isChanged = try freezeDevice(entry.name, folder, text) || isChanged
            }
        }
        try removeOrigins(names, folder, text)
        try state.restore(folder, text, isChanged)
        return names.filter(\.isOwnFolder).map(\.name)
    }

    /// An opaque folder's attribute becomes a file, but only where there is something to hide: fuse-overlayfs marks every
    /// new folder.
    private func freezeMark(_ folder: CInt, _ path: [UInt8], _ text: String) throws -> Bool {
        let keys = try writer.opaqueMarks.filter {
            try extendedAttribute($0, of: "", in: folder, text)?.first == UInt8(ascii: "y")
        }
        if keys.isEmpty { return false }
        let isNeeded = mayBeFolder(path, inAnyOf: lowers)
        if isNeeded { try makeNote(".wh..wh..opq", in: folder, text) } else { unlinkat(folder, ".wh..wh..opq", 0) }
        for key in keys { try sys("remove \(key) of \(text)") { linux_remove_xattr(folder, "", key) } }
        return true
    }

    private func freezeDevice(_ name: FileName, _ folder: CInt, _ text: String) throws -> Bool {
        let note = whiteoutPrefix + name.bytes
        // No file can have that name: fuse-overlayfs takes the device for what it is, too.
        if note.count > Int(NAME_MAX) { return false }
        try makeNote(terminated(note), in: folder, text)
        return try delete(name, in: folder, text)
    }

    /// A whiteout that is there already, of earlier times or made by fuse-overlayfs, beside what it hides or not.
    private func freezeNote(_ name: FileName, _ shown: FileName?, _ folder: CInt, _ text: String) throws -> Bool {
        if let shown {
            // fuse-overlayfs was killed between making the one and deleting the other: nothing may be lost.
            if let child = try openFolder(shown, in: folder, text) {
                try makeNote(".wh..wh..opq", in: child.rawValue, text)
            }
            return try delete(name, in: folder, text)
        }
        var status = stat()
        try sys("look at a whiteout in \(text)") {
            name.withCString { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        // fuse-overlayfs makes empty files only, and aufs knows no other: what else has such a name, a container made.
        if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { return false }
        return try delete(name, in: folder, text)
    }

    /// Notes on where a file was copied up from: numbers of files of other branches, lies in a copy of this one.
    private func removeOrigins(_ names: [BranchName], _ folder: CInt, _ text: String) throws {
        switch writer {
        case .fuse:
            for entry in names where entry.isFile {
                try remove("user.fuseoverlayfs.origin", of: entry.name, folder, text)
            }
        case .overlay:
            try remove("trusted.overlay.uuid", of: nil, folder, text)
            // The kernel says of a folder whether files in it have such a note.
            guard try extendedAttribute(impure, of: "", in: folder, text) != nil else { return }
            for entry in names where !entry.isNote && entry.hidden == nil && !entry.isDevice {
                try remove("trusted.overlay.origin", of: entry.name, folder, text)
            }
            try remove(impure, of: nil, folder, text)
        }
    }

    private func remove(_ key: String, of name: FileName?, _ folder: CInt, _ text: String) throws {
        do throws(SystemError) {
            try sys("remove \(key) in \(text)") {
                name.map { $0.withCString { linux_remove_xattr(folder, $0, key) } }
                    ?? linux_remove_xattr(folder, "", key)
            }
        } catch {
            // An immutable file keeps it, and is none the worse.
            guard [.noData, .notSupported, .notPermitted].contains(error.errno) else { throw error }
        }
    }
}

private let impure = "trusted.overlay.impure"

extension Writer {
    /// The attributes of a folder that shows nothing of the lower ones. fuse-overlayfs makes the last, and obeys all.
    fileprivate var opaqueMarks: [String] {
        let kernel = "trusted.overlay.opaque"
        return self == .overlay ? [kernel] : [kernel, "user.overlay.opaque", "user.fuseoverlayfs.opaque"]
    }
}
