import CArchive
import CLinux
import Glibc
package import Linux
package import SystemPackage

/// What may differ between two trees at one name and below it, as somebody knows who has followed every change.
package final class Touched {
    /// By name; what is not among them is equal, unless `hasOtherNames`.
    package var below: [FileName: Touched] = [:]
    /// Both trees have the same file or folder here; else anything may have come, gone or moved, and all is compared.
    package var isSame = false
    /// Names that are not in `below` may have come or gone, if the folder's size or time of change says so.
    package var hasOtherNames = false
    /// Nothing else of this file or folder may differ than its times, which are these now.
    package var times: (modified: FileTime, changed: FileTime)?

    /// Nothing differs.
    package init() {}
}

/// When a file was modified or changed: nanoseconds after seconds after 1970.
package struct FileTime: Equatable {
    private let seconds: Int64
    private let nanoseconds: Int64

    /// The same as `timespec` says.
    package init(seconds: Int, nanoseconds: Int) {
        self.seconds = Int64(seconds)
        self.nanoseconds = Int64(nanoseconds)
    }
}

/// What `compareTrees` would find, with a look only where `touched`, which is about the roots, says so.
///
/// Nil where `touched` can't be right: what should be the same file is not. Neither tree may change meanwhile. `linked`
/// gets the inodes of touched files with several names in the new tree: all of these must have been named in `touched`.
package func compareTrees(
    _ new: FilePath,
    _ old: FilePath,
    onlyAt touched: Touched,
    linked: inout Set<UInt64>
) throws -> [Change]? {
    let newRoot = try openFolder(new)
    defer { close(newRoot) }
    let oldRoot = try openFolder(old)
    defer { close(oldRoot) }
    var comparison = TouchedComparison()
    _ = try comparison.compare(newRoot, oldRoot, touched, [])
    linked = comparison.linked
    return comparison.isRefuted ? nil : sorted(comparison.changes)
}

private struct TouchedComparison {
    private(set) var changes: [Change] = []
    private(set) var isRefuted = false
    private(set) var linked: Set<UInt64> = []

    /// Compares two open folders where `touched` says, and says whether anything in them differs.
    mutating func compare(_ new: CInt, _ old: CInt, _ touched: Touched, _ path: [UInt8]) throws -> Bool {
        let before = changes.count
        for (name, touched) in touched.below where !isRefuted { try compare(name, touched, new, old, path) }
        guard try touched.hasOtherNames && !haveSameNames(new, old) else { return changes.count > before }
        let text = String(decoding: path, as: UTF8.self)
        let (newNames, oldNames) = (Set(try entries(of: new, text)), Set(try entries(of: old, text)))
        for name in newNames.symmetricDifference(oldNames) where touched.below[name] == nil {
            try compare(name, Touched(), new, old, path)
        }
        return changes.count > before
    }

    /// Whether nobody can have made or deleted a name: that changes a folder's size or at least its time of change.
    private func haveSameNames(_ new: CInt, _ old: CInt) throws -> Bool {
        var (newStatus, oldStatus) = (stat(), stat())
        try sys("look at a folder") { fstat(new, &newStatus) }
        try sys("look at a folder") { fstat(old, &oldStatus) }
        return newStatus.st_size == oldStatus.st_size && time(newStatus.st_ctim) == time(oldStatus.st_ctim)
    }

    private mutating func compare(_ name: FileName, _ touched: Touched, _ new: CInt, _ old: CInt, _ folder: [UInt8])
        throws
    {
        let oldStatus = try look(at: name, in: old)
        // Most that is touched was only read, which changes another time.
        if let oldStatus, let times = touched.times, touched.isSame, touched.below.isEmpty,
            times.modified == time(oldStatus.st_mtim), times.changed == time(oldStatus.st_ctim)
        {
            return
        }
        guard let newStatus = try look(at: name, in: new) else {
            if oldStatus != nil { changes.append(change(folder, name, .deleted)) }
            return
        }
        if touched.isSame,
            newStatus.st_ino != oldStatus?.st_ino || isFolder(newStatus) != oldStatus.map(isFolder)
        {
            isRefuted = true
            return
        }
        note(newStatus)
        var kind: Change.Kind? = .added
        if let oldStatus {
            kind = try isDifferent(newStatus, oldStatus) || hasOtherAttributes(name, new, old) ? .modified : nil
        }
        if let kind { changes.append(change(folder, name, kind)) }
        guard isFolder(newStatus) else { return }
        let oldFolder = oldStatus.flatMap { isFolder($0) ? old : nil }
        let differs = try compareBelow(name, touched, new, oldFolder, folder)
        if differs, kind == nil { changes.append(change(folder, name, .modified)) }
    }

    private mutating func compareBelow(
        _ name: FileName,
        _ touched: Touched,
        _ new: CInt,
        _ old: CInt?,
        _ folder: [UInt8]
    ) throws -> Bool {
        let path = joinedPath(folder, name)
        try requireShort(path)
        let newChild = try child(name, of: new)
        defer { close(newChild) }
        let oldChild = try old.map { try child(name, of: $0) }
        defer { if let oldChild { close(oldChild) } }
        if touched.isSame, let oldChild { return try compare(newChild, oldChild, touched, path) }
        try noteLinks(newChild, touched, path)
        let found = try compareTrees(whole(newChild), oldChild.map(whole))
        changes += found.map { Change(joined(path, $0.path), $0.kind) }
        // A path may be short in its own folder, and too long here.
        for change in changes.suffix(found.count) { try requireShort(pathBytes(change.path)) }
        return !found.isEmpty
    }

    private mutating func note(_ status: stat) {
        if !isFolder(status), status.st_nlink > 1 { linked.insert(UInt64(status.st_ino)) }
    }

    /// Notes the touched files with several names in a folder that is compared as a whole.
    private mutating func noteLinks(_ folder: CInt, _ touched: Touched, _ path: [UInt8]) throws {
        for (name, touched) in touched.below {
            guard let status = try look(at: name, in: folder) else { continue }
            note(status)
            guard isFolder(status), !touched.below.isEmpty else { continue }
            let path = joinedPath(path, name)
            try requireShort(path)
            let child = try child(name, of: folder)
            defer { close(child) }
            try noteLinks(child, touched, path)
        }
    }
}

extension TouchedComparison {
    private func time(_ time: timespec) -> FileTime { FileTime(seconds: time.tv_sec, nanoseconds: time.tv_nsec) }

    private func child(_ name: FileName, of folder: CInt) throws(SystemError) -> CInt {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return try sys("open a folder") { name.withCString { openat(folder, $0, flags) } }
    }

    private func whole(_ folder: CInt) -> FilePath { FilePath("/proc/self/fd/\(folder)/.") }

    /// `path` within the folder of path `folder`, which has no leading `/`.
    private func joined(_ folder: [UInt8], _ path: FilePath) -> FilePath {
        let bytes = [0x2f] + folder + [0x2f] + pathBytes(path) + [0]
        return bytes.withUnsafeBytes { text in
            guard let base = text.bindMemory(to: CChar.self).baseAddress else { fatalError("a path without its NUL") }
            return FilePath(platformString: base)
        }
    }
}
