import CLinux
import Glibc
import SystemPackage

/// An overlay's work folder, for the time of mounting.
///
/// Overlayfs empties it and makes a folder in it whenever it is mounted. Two mounts of one layer at once, as when a container
/// starts while it is exported, would take it from under each other: one fails, or is read-only without a word. So is the
/// mount of a layer that has reached its limit: then nobody could delete anything in it.
struct OverlayWorkFolder: ~Copyable {
    private let folder: OwnedDescriptor
    private var lifted: (project: UInt32, limit: UInt64)?
    /// 512-byte blocks that a full layer gets until it is mounted: xfs sets aside more than it takes.
    private static let room: UInt64 = 2048

    /// Waits for the folder; nil for what has none.
    init?(of mount: Mount) throws(SystemError) {
        guard mount.type == "overlay", let option = mount.options.first(where: { $0.hasPrefix("workdir=") }) else {
            return nil
        }
        let path = String(option.dropFirst("workdir=".count))
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { return nil }  // mounting says why
        folder = OwnedDescriptor(descriptor)
        try sys("lock \(path)") { flock(descriptor, LOCK_EX) }
        lifted = Self.lift(descriptor)
    }

    /// Takes back the room, and lets the next one mount.
    consuming func release() {
        guard let lifted else { return }
        // Where that fails, the layer has a megabyte more.
        _ = linux_limit_project(folder.rawValue, nil, lifted.project, lifted.limit)
    }

    /// Gives a full project room; returns its limit. Kernels before 5.14 have no call that needs no device node.
    private static func lift(_ folder: CInt) -> (UInt32, UInt64)? {
        var (project, inherits): (UInt32, CInt) = (0, 0)
        var found = linux_project()
        guard linux_get_project(folder, &project, &inherits) == 0, project != 0,
            linux_read_project(folder, nil, project, &found) == 0,
            found.limit != 0, found.limit < found.blocks + room,
            linux_limit_project(folder, nil, project, found.blocks + room) == 0
        else { return nil }
        return (project, found.limit)
    }
}

extension Mount {
    /// Makes the mount, by `body`, while nobody else mounts the same layer.
    func withWorkFolder(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        guard let folder = try OverlayWorkFolder(of: self) else { return try body() }
        do throws(SystemError) { try body() } catch {
            folder.release()
            throw error
        }
        folder.release()
    }
}
