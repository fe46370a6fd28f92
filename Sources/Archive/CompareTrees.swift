import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// What is different in the tree `new` since `old` (nil: everything is added), sorted by path; nothing for the root.
///
/// Docker's rules: type, mode, owner, device, and for what is no folder size and modification time decide, where a time
/// without nanoseconds equals any in its second, since tars cut them; besides, here, capabilities, `user.*` attributes and
/// ACLs. A folder that only has changes below is modified. Of a deleted folder only the top is listed.
public func compareTrees(_ new: FilePath, _ old: FilePath?) throws -> [Change] {
    let newRoot = try openFolder(new)
    defer { close(newRoot) }
    let oldRoot = try old.map(openFolder)
    defer { if let oldRoot { close(oldRoot) } }
    var comparison = TreeComparison()
    _ = try comparison.compare(newRoot, oldRoot, [])
    return sorted(comparison.changes)
}

private struct TreeComparison {
    private(set) var changes: [Change] = []

    /// Compares two open folders and says whether anything in them differs.
    mutating func compare(_ new: CInt, _ old: CInt?, _ path: [UInt8]) throws -> Bool {
        let text = String(decoding: path, as: UTF8.self)
        let newNames = try entries(of: new, text)
        var oldNames = try old.map { try entries(of: $0, text)[...] } ?? []
        let before = changes.count
        for name in newNames {
            while let first = oldNames.first, first < name { report(path, oldNames.removeFirst(), .deleted) }
            var oldFolder: CInt?
            if let old, oldNames.first == name {
                oldNames.removeFirst()
                oldFolder = old
            }
            try compare(name, new, oldFolder, path)
        }
        for name in oldNames { report(path, name, .deleted) }
        return changes.count > before
    }

    private mutating func report(_ folder: [UInt8], _ name: FileName, _ kind: Change.Kind) {
        changes.append(change(folder, name, kind))
    }

    /// Compares what both folders have under `name`; `old` is nil where the old tree has nothing of that name.
    private mutating func compare(_ name: FileName, _ new: CInt, _ old: CInt?, _ folder: [UInt8]) throws {
        // It vanished since it was listed: as if it had not been there.
        guard let newStatus = try look(at: name, in: new) else { return }
        var kind: Change.Kind? = .added
        var oldIsFolder = false
        if let old, let oldStatus = try look(at: name, in: old) {
            if newStatus.st_dev == oldStatus.st_dev, newStatus.st_ino == oldStatus.st_ino { return }
            oldIsFolder = isFolder(oldStatus)
            let differs = try isDifferent(newStatus, oldStatus) || hasOtherAttributes(name, new, old)
            kind = differs ? .modified : nil
        }
        if let kind { report(folder, name, kind) }
        guard isFolder(newStatus) else { return }
        let below = try compareBelow(name, new, oldIsFolder ? old : nil, folder)
        if below, kind == nil { report(folder, name, .modified) }
    }

    private mutating func compareBelow(_ name: FileName, _ new: CInt, _ old: CInt?, _ folder: [UInt8]) throws -> Bool {
        let path = joinedPath(folder, name)
        guard let newChild = try openChild(name, in: new, path) else { return false }
        defer { close(newChild) }
        let oldChild = try old.flatMap { try openChild(name, in: $0, path) }
        defer { if let oldChild { close(oldChild) } }
        return try compare(newChild, oldChild, path)
    }
}
