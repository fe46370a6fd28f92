import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// What `compareTrees` would find between a union of aufs branches and its lower ones, read from the topmost `branch`: the
/// time it takes depends on what changed, not on what is there.
///
/// `lowers` are the other branches, the nearest first. Nothing is mounted: their folders are merged here, as aufs and
/// fuse-overlayfs merge them. A file that was copied up and is as it was, byte for byte, is no change. Without `hasNotes`,
/// files named `.wh.x` were made by a container, and are left out, since no layer has them; devices 0:0 are whiteouts.
public func compareBranch(_ branch: FilePath, _ lowers: [FilePath], hasNotes: Bool = true) throws -> [Change] {
    var comparison = BranchComparison(hasNotes: hasNotes, resetsFolders: false)
    try comparison.run(branch, lowers)
    return sorted(comparison.changes)
}

/// Gives the branch's folders that are no change, though they were copied up, the times that they have in `lowers`.
///
/// fuse-overlayfs needs that: what it copies up into a folder changes the folder's time.
public func resetFolderTimes(_ branch: FilePath, _ lowers: [FilePath]) throws {
    var comparison = BranchComparison(hasNotes: true, resetsFolders: true)
    try comparison.run(branch, lowers)
}

private struct BranchComparison {
    private(set) var changes: [Change] = []
    private let hasNotes: Bool
    private let resetsFolders: Bool

    init(hasNotes: Bool, resetsFolders: Bool) {
        self.hasNotes = hasNotes
        self.resetsFolders = resetsFolders
    }

    mutating func run(_ branch: FilePath, _ lowers: [FilePath]) throws {
        let root = try openFolder(branch)
        defer { close(root) }
        let isOpaque = try isMarkedOpaque(root, "\(branch)")
        _ = try compare(root, MergedFolder(lowers), [], isOpaque: isOpaque)
    }

    private func isMarkedOpaque(_ folder: CInt, _ text: String) throws -> Bool {
        try hasNotes ? isBranchOpaque(folder, text) : isOpaque(folder, text)
    }

    /// Compares the branch's open folder with what the lower ones show, and says whether anything in it differs. Nothing
    /// of theirs shows where `isOpaque`, and below.
    mutating func compare(_ branch: CInt, _ lower: MergedFolder?, _ path: [UInt8], isOpaque: Bool) throws -> Bool {
        let before = changes.count
        let text = String(decoding: path, as: UTF8.self)
        let found = try branchEntries(of: branch, text, withNotes: hasNotes)
        for entry in found { try compare(entry, branch, lower, path, isOpaque: isOpaque) }
        if isOpaque, let lower {
            let kept = Set(found.map(\.name))
            for name in try lower.names() where !kept.contains(name) { changes.append(change(path, name, .deleted)) }
        }
        return changes.count > before
    }

    private mutating func compare(
        _ entry: BranchEntry,
        _ branch: CInt,
        _ lower: MergedFolder?,
        _ folder: [UInt8],
        isOpaque: Bool
    ) throws {
        let below = try lower?.find(entry.name)
        guard let status = entry.status else {
            if below != nil { changes.append(change(folder, entry.name, .deleted)) }
            return
        }
        var kind: Change.Kind? = .added
        if let below {
            let differs =
                try isDifferent(status, below.status) || hasOtherAttributes(entry.name, branch, below.folder)
                || (isFile(status) && hasOtherContent(entry.name, branch, below.folder))
            kind = differs ? .modified : nil
        }
        if let kind { changes.append(change(folder, entry.name, kind)) }
        guard isFolder(status) else { return }
        let hasChanges = try compareFolder(entry.name, branch, lower, folder, isOpaque)
        if hasChanges, kind == nil { changes.append(change(folder, entry.name, .modified)) }
        if resetsFolders, !hasChanges, kind == nil, let below { try reset(entry.name, in: branch, to: below.status) }
    }

    private func reset(_ name: FileName, in folder: CInt, to status: stat) throws {
        let (read, changed) = (status.st_atim, status.st_mtim)
        try sys("set the times of a folder") {
            name.withCString {
                linux_set_times(folder, $0, Int64(read.tv_sec), read.tv_nsec, Int64(changed.tv_sec), changed.tv_nsec)
            }
        }
    }

    private mutating func compareFolder(
        _ name: FileName,
        _ branch: CInt,
        _ lower: MergedFolder?,
        _ folder: [UInt8],
        _ isBelowOpaque: Bool
    ) throws -> Bool {
        let path = joinedPath(folder, name)
        // Closing must work whatever is in a branch: folders above such a path keep the times that they have.
        if resetsFolders, (try? requireShort(path)) == nil { return true }
        guard let child = try openChild(name, in: branch, path) else { return false }
        defer { close(child) }
        let marked = try isMarkedOpaque(child, String(decoding: path, as: UTF8.self))
        return try compare(child, lower?.child(name, path), path, isOpaque: isBelowOpaque || marked)
    }
}
