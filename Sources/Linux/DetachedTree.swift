import Glibc
public import SystemPackage

/// Mounts that no folder shows: reached by `path` in this process only, gone when it ends, however it ends.
public struct DetachedTree: ~Copyable, Sendable {
    private let root: OwnedDescriptor
    private let subfolder: FilePath
    /// The tree's root.
    ///
    /// Its last component is `.`, so that calls which follow no link still get there.
    public var path: FilePath {
        FilePath("/proc/self/fd/\(root.rawValue)").pushing(subfolder).appending(".")
    }

    /// Makes `mounts`, the first of them on the root.
    public init(_ mounts: [Mount], using interface: MountInterface = .best) throws(SystemError) {
        if interface != .old, mounts.count == 1, let mount = mounts.first, !mount.type.isEmpty {
            do throws(SystemError) {
                root = try mount.makeDetached()
                subfolder = FilePath(root: nil, mount.subfolder.lexicallyNormalized().components)
                return
            } catch {
                guard interface == .best, [.invalidArgument, .noFunction].contains(error.errno) else { throw error }
            }
        }
        root = try Self.mountAndDetach(mounts, using: interface)
        subfolder = ""
    }

    /// The way for kernels without the new interface: mount on a fresh folder, keep a descriptor, take the mount away.
    private static func mountAndDetach(
        _ mounts: [Mount],
        using interface: MountInterface
    ) throws(SystemError) -> OwnedDescriptor {
        let folder = try AtomicFolder(in: "/tmp", prefix: "varve-tree-").path
        defer { rmdir(folder.string) }
        try mountTree(mounts, at: folder, using: interface)
        defer {
            for _ in mounts { try? unmount(folder, detach: true) }  // detaching the lowest takes what is on it along
        }
        return OwnedDescriptor(try sys("open \(folder)") { open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }
}
