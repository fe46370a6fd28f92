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
/// A running container's files are seen as it sees them, with all that is mounted; those of one that does not run, as it would
/// see them, but that folders on which something would be mounted are shown and filled without it.
extension Engine {
    /// What is at `path`; a link is looked at itself.
    package func pathStatus(_ name: String, _ path: String) async throws -> PathStatus {
        try await withFile(name, path) { tree, file in
            PathStatus(file, named: Self.base(of: path), linkTarget: tree.linkTarget)
        }
    }

    /// Writes what is at `path` as a tar, under its last name.
    package func readFiles(_ name: String, _ path: String, to sink: any ByteSink & Sendable) async throws {
        let base = path.hasSuffix("/.") || Self.base(of: path) == "/" ? "." : Self.base(of: path)
        try await withFile(name, path) { tree, file in try file.write(as: base, to: sink, owners: tree.owners) }
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
        try await withTree(container, path + "/.", toWrite: true) { tree in
            let folder = try Self.look(tree.path, in: tree.root, name, asked: path)
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
                    limits: limits,
                    owners: tree.owners
                )
            } catch let error as ArchiveError { throw EngineError(.invalid, "\(error)") }
        }
        emit("extract-to-dir", await container.record)
    }

    private func withFile<T: Sendable>(
        _ name: String,
        _ path: String,
        _ body: @escaping @Sendable (FileTree, ContainedFile) throws -> T
    ) async throws -> T {
        try await withTree(try containers.find(name), path) { tree in
            try body(tree, try Self.look(tree.path, in: tree.root, name, asked: path))
        }
    }

    /// The last name as the user wrote it; the root's is `/`.
    private static func base(of path: String) -> String {
        ContainedFile.components(of: path).last.map(String.init) ?? "/"
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
        let owners = remapping(host)?.owners
        let own = owners == nil ? [] : ownFolders(await container.record)
        switch await container.phase {
        case .running, .starting:
            let monitor = try await container.running()
            let root = try await pool.run { try RunningRoot(pid: monitor.pid, id: id) }
            // It is there still: so the number was nobody else's when its root was opened.
            do { try await monitor.signal(0) } catch { throw EngineError.notRunning(id) }
            return try await pool.run {
                try withExtendedLifetime(root) { try body(FileTree(root: root.path, path: path, owners: owners)) }
            }
        case .created, .exited, .restarting:
            let isReadOnly = host.readonlyRootfs
            return try await onStore { [volumes] store in
                try store.withRoot(of: id) { root in
                    try volumes.devices.with(Set(points.lazy.filter { $0.type == "volume" }.map(\.name))) {
                        var tree = try StoppedTree(root: root, isReadOnly: isReadOnly, points)
                        (tree.owners, tree.ownFolders) = (owners, own)
                        return try tree.with(path, body)
                    }
                }
            }
        case .removing, .gone: throw EngineError.removalInProgress(id)
        }
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
    fileprivate init(_ file: ContainedFile, named base: String, linkTarget target: String?) {
        self.init()
        name = base
        size = file.size
        mode = Self.goMode(file.mode)
        mtime = Timestamp(seconds: file.modified.seconds, nanoseconds: Int32(file.modified.nanoseconds)).description
        linkTarget = file.linkTarget.map { target ?? $0 } ?? ""
    }
}
