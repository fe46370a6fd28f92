import Archive
import DockerAPI
import Glibc
import Linux
import SystemPackage

/// A tree in which a path is looked for.
struct FileTree: Sendable {
    var root: FilePath
    var path: String
    /// The root is what a bind mount shows.
    var isMount = false
    /// The container may not write to it.
    var isReadOnly = false
    /// The container's ids; nil: those that the files have.
    var owners: OwnerMap?
    /// Where the path leads to in the container if its last name is a link; nil: ask the file.
    var linkTarget: String?
}

/// The files of a container that does not run, as it would see them if it did: its own tree, and what would be mounted, which
/// links lead into and out of.
///
/// What this finds is a path without links; who opens it does not trust that, and stays below the root all the same.
struct StoppedTree {
    private let root: FilePath
    private let isReadOnly: Bool
    /// Where they are, in names without links.
    private var mounts: [(names: [String], point: MountPoint)] = []
    /// The ids of a container that has its own.
    var owners: OwnerMap?
    /// What is bound, and has them on the disk.
    var ownFolders: Set<String> = []

    init(root: FilePath, isReadOnly: Bool, _ points: [MountPoint]) throws {
        (self.root, self.isReadOnly) = (root, isReadOnly)
        let named = points.filter { ["bind", "volume"].contains($0.type) }.map { ($0, Self.names(of: $0.destination)) }
        for (point, names) in named.sorted(by: { $0.1.count < $1.1.count }) {
            mounts.append((try resolved(names, toTheEnd: true), point))
        }
    }

    /// Shows `body` where a path of the container is.
    func with<T>(_ path: String, _ body: (FileTree) throws -> T) throws -> T {
        let names = Self.names(of: path)
        let ending = path.hasSuffix("/.") ? "/." : path.hasSuffix("/") ? "/" : ""
        let found = try resolved(names, toTheEnd: !ending.isEmpty)
        // Where links lead in a circle the file says what its own says.
        let target = (try? resolved(names, toTheEnd: true)).map { "/" + $0.joined(separator: "/") }
        return try within(found, ending) { tree in
            var tree = tree
            tree.linkTarget = target
            return try body(tree)
        }
    }

    private static func names(of path: String) -> [String] { ContainedFile.components(of: path).map(String.init) }

    /// The names without links; the last one's link is followed only `toTheEnd`.
    private func resolved(_ names: [String], toTheEnd: Bool) throws -> [String] {
        var (found, rest, links) = ([String](), names[...], 0)
        while let name = rest.popFirst() {
            if name == ".." {
                _ = found.popLast()
                continue
            }
            let next = found + [name]
            let isLeft = mounts.contains { $0.names == next } || (rest.isEmpty && !toTheEnd)
            guard !isLeft, let text = link(at: next) else {
                found = next
                continue
            }
            links += 1
            // As many as the kernel follows: man 7 path_resolution.
            guard links <= 40 else {
                throw SystemError("open /\(names.joined(separator: "/"))", .tooManySymbolicLinkLevels)
            }
            if text.hasPrefix("/") { found = [] }
            rest = text.split(separator: "/").map(String.init).filter { $0 != "." } + rest
        }
        return found
    }

    private func link(at names: [String]) -> String? {
        // Nothing there, or no folder on the way: who opens it says so.
        try? within(names, "") { tree in try ContainedFile(tree.path, in: tree.root).linkText }
    }

    /// Shows `body` the path in the mount that it is in.
    private func within<T>(_ names: [String], _ ending: String, _ body: (FileTree) throws -> T) throws -> T {
        let found = mounts.filter { names.starts(with: $0.names) }.max { $0.names.count < $1.names.count }
        let below = "/" + names.dropFirst(found?.names.count ?? 0).joined(separator: "/") + ending
        guard let point = found?.point else {
            return try body(FileTree(root: root, path: below, isReadOnly: isReadOnly))
        }
        var tree = FileTree(
            root: FilePath(point.source),
            path: below,
            isMount: true,
            isReadOnly: !point.isWritable,
            owners: ownFolders.contains(point.source) ? nil : owners
        )
        if !point.subpath.isEmpty { return try Self.within(point.subpath, tree, body) }
        if !isFolder(tree.root), let name = tree.root.lastComponent {
            // A file that is mounted is looked for in its folder.
            tree.root.removeLastComponent()
            tree.path = "/" + name.string + (below == "/" ? "" : below)
        }
        return try body(tree)
    }

    /// The same in a part of it.
    private static func within<T>(_ part: String, _ tree: FileTree, _ body: (FileTree) throws -> T) throws -> T {
        var tree = tree
        let found = try ContainedFile(part, in: tree.root)
        if !found.isFolder, found.linkTarget == nil {
            // A file that is mounted is looked for in its folder, and nothing else there is.
            guard tree.path == "/" else { throw SystemError("open \(tree.path)", .notDirectory) }
            tree.path = "/" + part
            return try body(tree)
        }
        let folder = try ContainedFile(part + "/.", in: tree.root)
        tree.root = folder.path
        return try withExtendedLifetime(folder) { try body(tree) }
    }
}
