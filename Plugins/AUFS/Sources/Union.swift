// Who joins branches on this host, found out by doing it: two branches, one of them with a whiteout.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// The way that this host joins aufs branches, the best first.
enum Union: Sendable, CustomStringConvertible {
    /// The kernel's aufs.
    case aufs(hasDirperm1: Bool)
    /// The kernel's overlayfs.
    case overlay
    /// fuse-overlayfs: for file systems that overlayfs can't write to.
    case fuse(FuseServer)

    /// What `aufs.union` takes.
    enum Kind: String, CaseIterable {
        case aufs
        case overlay = "overlayfs"
        case fuse = "fuse-overlayfs"
    }

    var description: String {
        switch self {
        case .aufs: Kind.aufs.rawValue
        case .overlay: Kind.overlay.rawValue
        case .fuse(let server): "\(Kind.fuse.rawValue) (\(server.program))"
        }
    }

    /// Whether a folder's topmost branch alone says who may enter it.
    var hasDirperm1: Bool {
        if case .aufs(let hasDirperm1) = self { return hasDirperm1 }
        return true
    }

    /// Tries in a fresh folder below `place`, which is gone afterwards.
    init(_ settings: Settings, in place: FilePath) throws {
        let scratch = Scratch(place)
        defer { scratch.delete(settings.findProgram()) }
        let lock = try Self.make(scratch, in: place)
        defer { withExtendedLifetime(lock) {} }
        self = try Self.best(settings, in: scratch)
    }

    private static func make(_ scratch: Scratch, in place: FilePath) throws -> FolderLock {
        do { return try scratch.make() } catch {
            throw refusal("branches can't be made in \(place): \(error)", error.errno)
        }
    }

    private static func best(_ settings: Settings, in scratch: Scratch) throws -> Self {
        var (reasons, errno): ([String], Errno?) = ([], nil)
        for kind in settings.kind.map({ [$0] }) ?? kinds {
            do {
                if let union = try tryOut(kind, settings, scratch) { return union }
                (reasons, errno) = (reasons + ["\(kind.rawValue) is not installed"], nil)
            } catch let error as SystemError {
                (reasons, errno) = (reasons + ["\(kind.rawValue) does not work here: \(error)"], error.errno)
            }
        }
        throw refusal(reasons.joined(separator: ", and "), errno)
    }

    /// What is tried where nobody chose. Kernels mostly lack aufs, which is nothing to tell.
    private static var kinds: [Kind] { AufsMount.isInKernel ? Kind.allCases : [.overlay, .fuse] }

    /// Joins the branches in `scratch`; nil where the program for that is missing.
    private static func tryOut(_ kind: Kind, _ settings: Settings, _ scratch: Scratch) throws -> Self? {
        switch kind {
        case .aufs: return .aufs(hasDirperm1: try AufsMount.tryOut(in: scratch.path))
        case .overlay:
            try scratch.tryOverlay(Mount.plainOverlayOptions)
            return .overlay
        case .fuse:
            guard let server = settings.findProgram().map(FuseServer.init) else { return nil }
            try scratch.tryFuse(server)
            return .fuse(server)
        }
    }

    /// Deletes what tries in `place` left that were killed; nobody else makes such names.
    static func clean(_ place: FilePath, _ program: FilePath?) throws {
        let left = try FolderLock.abandoned(in: place, prefix: Scratch.prefix)
        for folder in left { Scratch(at: folder).delete(program) }
    }

    private static func refusal(_ reason: String, _ errno: Errno?) -> DriverError {
        let remedy =
            switch errno {
            case nil: "install it: apt install fuse-overlayfs"
            case .notPermitted, .permissionDenied: "run the daemon as root"
            case .noSuchFileOrDirectory, Errno(rawValue: ENXIO), Errno(rawValue: ENODEV):
                "load its kernel module (modprobe overlay, modprobe fuse), or leave aufs.union out"
            default: "put the data root on ext4, xfs or btrfs, or choose vfs"
            }
        return .unsupported(driver: AUFS.name, reason: reason, remedy: remedy)
    }
}
