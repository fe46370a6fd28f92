import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// Writes `changes` of `tree` as a layer: what is there in full, what was deleted as a whiteout (`.wh.name`).
///
/// A PAX tar with times to the nanosecond, capabilities, `user.*` attributes and ACLs; parents before children.
public func writeLayer(changes: [Change], of tree: FilePath, to sink: any ByteSink) throws {
    let root = try openFolder(tree)
    defer { close(root) }
    let writer = try TreeWriter(sink)
    for change in sorted(changes) {
        let bytes = pathBytes(change.path)
        let slash = bytes.lastIndex(of: 0x2f)
        let parent = slash.map { Array(bytes[..<$0]) } ?? []
        let name = Array(bytes[(slash.map { $0 + 1 } ?? 0)...])
        if name.isEmpty { continue }
        try requireShort(bytes)
        if change.kind == .deleted {
            try writer.addWhiteout((parent.isEmpty ? [] : parent + [0x2f]) + ".wh.".utf8 + name)
            continue
        }
        // A container's own file of such a name would delete another in whoever unpacks it: no layer can have it.
        if isHiddenByName(bytes) { continue }
        // What vanished since the comparison is left out, with the folder it was in.
        guard let folder = try parent.isEmpty ? root : openBeneath(root, parent) else { continue }
        defer { if folder != root { close(folder) } }
        let terminated = name.map { CChar(bitPattern: $0) } + [0]
        guard let status = try look(at: FileName(terminated), in: folder) else { continue }
        _ = try writer.add(terminated, in: folder, status, as: bytes)
    }
    try writer.finish()
}

/// Writes the whole tree as a flat tar, for `export`; the root itself is no member.
public func writeTree(_ tree: FilePath, to sink: any ByteSink) throws {
    let root = try openFolder(tree)
    defer { close(root) }
    let walk = TreeWalk(writer: try TreeWriter(sink))
    try walk.addEntries(of: root, [])
    try walk.writer.finish()
}

struct TreeWalk {
    let writer: TreeWriter

    func addEntries(of folder: CInt, _ path: [UInt8]) throws {
        for name in try entries(of: folder, String(decoding: path, as: UTF8.self)) {
            try add(name, in: folder, joinedPath(path, name))
        }
    }

    private func add(_ name: FileName, in folder: CInt, _ path: [UInt8]) throws {
        try requireShort(path)
        guard let status = try look(at: name, in: folder),
            try name.withCString({ try writer.add($0, in: folder, status, as: path) }), isFolder(status),
            let child = try openChild(name, in: folder, path)
        else { return }
        defer { close(child) }
        try addEntries(of: child, path)
    }
}

/// Whether a part of the path begins as whiteouts do.
private func isHiddenByName(_ path: [UInt8]) -> Bool {
    path.split(separator: 0x2f).contains { $0.starts(with: ".wh.".utf8) }
}

/// Opens a tree's root; the caller closes it.
func openFolder(_ path: FilePath) throws -> CInt {
    try sys("open \(path)") { open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
}

private func openBeneath(_ root: CInt, _ path: [UInt8]) throws -> CInt? {
    let terminated = path.map { CChar(bitPattern: $0) } + [0]
    do throws(SystemError) {
        return try sys("open \(String(decoding: path, as: UTF8.self))") {
            linux_open_beneath(root, terminated, UInt64(O_RDONLY | O_DIRECTORY))
        }
    } catch {
        if error.saysNoFolder { return nil }
        throw error
    }
}

/// The bytes of a path in a tree, without the leading `/`.
func pathBytes(_ path: FilePath) -> [UInt8] {
    path.withPlatformString { text in
        let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
        return Array(bytes.drop { $0 == 0x2f })
    }
}

/// By the bytes of their paths: a folder comes before what is in it.
func sorted(_ changes: [Change]) -> [Change] {
    changes.map { (pathBytes($0.path), $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
}
