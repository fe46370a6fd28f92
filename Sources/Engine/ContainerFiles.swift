package import Archive
package import DockerAPI
import Glibc
import Launcher
import Linux
import OCI
import RuntimeProtocol
import Storage
import SystemPackage

/// `cp`: files into and out of a container, running or stopped.
///
/// A running container's files are seen as it sees them, with all that is mounted. Of one that does not run there is its own
/// tree, and for a path in a bind mount the folder that would be mounted.
extension Engine {
    /// What is at `path`; a link is looked at itself.
    package func pathStatus(_ name: String, _ path: String) async throws -> PathStatus {
        try await withFile(name, path) { file in PathStatus(file) }
    }

    /// Writes what is at `path` as a tar, under its last name.
    package func readFiles(_ name: String, _ path: String, to sink: any ByteSink & Sendable) async throws {
        let isContent = path.hasSuffix("/.") || ContainedFile.components(of: path).isEmpty
        try await withFile(name, path) { file in try file.write(as: isContent ? "." : file.base, to: sink) }
        emit("archive-path", await (try containers.find(name)).record)
    }

    /// Unpacks `tar`, which may be compressed, in the folder at `path`.
    ///
    /// With `takesUser` all belongs to the container's user, with `keepsKinds` folders replace only folders.
    package func writeFiles(
        _ name: String,
        _ path: String,
        from tar: any ByteSource & Sendable,
        takesUser: Bool,
        keepsKinds: Bool
    ) async throws {
        let container = try containers.find(name)
        let limits = store.limits
        let user = takesUser ? await container.record.config.user : ""
        try await withTree(container, path, toWrite: true) { tree in
            let folder = try Self.look(tree.path + "/.", in: tree.root, name, asked: path)
            guard !folder.isReadOnly, !tree.isReadOnly else {
                let what = tree.isMount ? "mounted volume" : "container rootfs"
                throw EngineError(.invalid, "\(what) is marked read-only")
            }
            let owner = try user.isEmpty ? nil : Self.account(user, in: tree.root)
            do {
                try extractFiles(
                    tar,
                    into: tree.path,
                    of: tree.root,
                    owner: owner,
                    keepsKinds: keepsKinds,
                    limits: limits
                )
            } catch let error as ArchiveError { throw EngineError(.invalid, "\(error)") }
        }
        emit("extract-to-dir", await container.record)
    }

    private func withFile<T: Sendable>(
        _ name: String,
        _ path: String,
        _ body: @escaping @Sendable (ContainedFile) throws -> T
    ) async throws -> T {
        try await withTree(try containers.find(name), path) { tree in
            try body(try Self.look(tree.path, in: tree.root, name, asked: path))
        }
    }

    private static func look(
        _ path: String,
        in root: FilePath,
        _ container: String,
        asked: String
    ) throws -> ContainedFile {
        do throws(SystemError) { return try ContainedFile(path, in: root) } catch {
            switch error.errno {
            case .noSuchFileOrDirectory:
                throw EngineError(.notFound, "Could not find the file \(asked) in container \(container)")
            case .notDirectory where path.hasSuffix("/."):
                throw EngineError(.invalid, "extraction point is not a directory")
            default: throw error
            }
        }
    }

    private static func account(_ user: String, in root: FilePath) throws -> (user: UInt32, group: UInt32) {
        let tree = OwnedDescriptor(try sys("open \(root)") { open(root.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
        let accounts = try Accounts(user) { openContained($0, in: tree.rawValue) }
        return (accounts.uid, accounts.gid)
    }
}

/// A tree in which a path is looked for.
private struct FileTree: Sendable {
    var root: FilePath
    var path: String
    /// The root is what a bind mount shows.
    var isMount = false
    /// The container may not write to it.
    var isReadOnly = false
}

extension Engine {
    private func withTree<T: Sendable>(
        _ container: Container,
        _ path: String,
        toWrite: Bool = false,
        _ body: @escaping @Sendable (FileTree) throws -> T
    ) async throws -> T {
        guard toWrite, await container.beginWriting() else { return try await withTree(of: container, path, body) }
        let result: Result<T, any Error>
        do { result = .success(try await withTree(of: container, path, body)) } catch { result = .failure(error) }
        await container.endWriting()
        return try result.get()
    }

    private func withTree<T: Sendable>(
        of container: Container,
        _ path: String,
        _ body: @escaping @Sendable (FileTree) throws -> T
    ) async throws -> T {
        let points = Array((await container.record.mountPoints ?? [:]).values)
        let host = await container.host
        let id = container.id
        switch await container.phase {
        case .running, .starting:
            let monitor = try await container.running()
            let root = try await pool.run { try RunningRoot(pid: monitor.pid, id: id) }
            // It is there still: so the number was nobody else's when its root was opened.
            do { try await monitor.signal(0) } catch { throw EngineError.notRunning(id) }
            return try await pool.run {
                try withExtendedLifetime(root) { try body(FileTree(root: root.path, path: path)) }
            }
        case .created, .exited, .restarting:
            if let (point, below) = Self.mount(of: path, points) {
                return try await pool.run { [volumes] in
                    guard point.type == "volume" else { return try Self.within(point, below, body) }
                    return try volumes.devices.with(point.name) { try Self.within(point, below, body) }
                }
            }
            let isReadOnly = host.readonlyRootfs
            return try await onStore { store in
                try store.withRoot(of: id) { root in
                    try body(FileTree(root: root, path: path, isReadOnly: isReadOnly))
                }
            }
        case .removing, .gone: throw EngineError.removalInProgress(id)
        }
    }

    /// The mount in which the path would lie if the container ran, and the path below it.
    private static func mount(of path: String, _ points: [MountPoint]) -> (point: MountPoint, below: String)? {
        let names = ContainedFile.components(of: path)
        let found = points.filter { $0.type != "tmpfs" }
            .map { (above: ContainedFile.components(of: $0.destination), point: $0) }
            .filter { names.starts(with: $0.above) }
            .max { $0.above.count < $1.above.count }
        guard let (above, point) = found else { return nil }
        let ending = path.hasSuffix("/.") ? "/." : path.hasSuffix("/") ? "/" : ""
        return (point, "/" + names.dropFirst(above.count).joined(separator: "/") + ending)
    }

    /// Shows `body` what a mount of a container that does not run would show.
    private static func within<T>(_ point: MountPoint, _ below: String, _ body: (FileTree) throws -> T) throws -> T {
        var tree = FileTree(
            root: FilePath(point.source),
            path: below,
            isMount: true,
            isReadOnly: !point.isWritable
        )
        let part = point.subpath
        if part.isEmpty {
            if !isFolder(tree.root), let name = tree.root.lastComponent {
                // A file that is mounted is looked for in its folder.
                tree.root.removeLastComponent()
                tree.path = "/" + name.string + (below == "/" ? "" : below)
            }
            return try body(tree)
        }
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

/// A running container's root, as its first process sees it.
private final class RunningRoot: Sendable {
    private let folder: OwnedDescriptor
    var path: FilePath { FilePath("/proc/self/fd/\(folder.rawValue)") }

    init(pid: Int32, id: String) throws {
        folder = OwnedDescriptor(
            try sys("open the root of container \(id)") {
                open("/proc/\(pid)/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
        )
    }
}

extension PathStatus {
    fileprivate init(_ file: ContainedFile) {
        self.init()
        name = file.base
        size = file.size
        mode = Self.goMode(file.mode)
        mtime = Timestamp(seconds: file.modified.seconds, nanoseconds: Int32(file.modified.nanoseconds)).description
        linkTarget = file.linkTarget ?? ""
    }
}
