import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// Deleting a subvolume. Those within it go first: the kernel deletes none that has others in it. A container can make as
// many as it likes, as deep as it likes, so they are found and deleted by number, never by path.
extension Btrfs {
    /// Deletes the subvolume at `path` and those within; nothing there is no error.
    func removeSubvolume(_ path: FilePath) throws {
        guard exists(path) else { return }
        guard Self.isSubvolume(path) else { return try removeTree(path) }  // a copy that somebody made
        let place = try openFolder(path.removingLastComponent())
        var groups: [UInt64] = []
        var tries = 0
        while true {
            try removeNested(path, &groups)
            let hasGroups = try quotas.note(groups)
            do {
                try destroy(path.lastComponent?.string ?? "", in: place.rawValue, "delete subvolume \(path)")
                if hasGroups { try quotas.removeGroups() }
                return awaitRoom(groups, place.rawValue)
            } catch let error as SystemError {
                switch error.errno {
                case .noSuchFileOrDirectory: return
                case .directoryNotEmpty where tries < 100: tries += 1  // somebody made one more
                default: throw error
                }
            }
        }
    }

    /// Waits until the kernel has given back what the deleted subvolumes had, where there is hardly any room but that.
    ///
    /// It takes its time otherwise, and somebody who removes a container from a full disk wants the room now.
    private func awaitRoom(_ ids: [UInt64], _ folder: CInt) {
        var status = statvfs()
        let scarce: UInt64 = 64 << 20
        guard fstatvfs(folder, &status) == 0, status.f_bavail * status.f_bsize < scarce else { return }
        for _ in 0..<100 {
            guard linux_btrfs_sync(folder) == 0 else { return }
            guard ids.contains(where: { linux_btrfs_is_left(folder, $0) == 1 }) else { break }
            usleep(50_000)
        }
        _ = linux_btrfs_sync(folder)  // what was deleted is free when that is on the disk
    }

    /// Deletes the subvolumes below `path`, deepest first; adds their numbers, and its own, to `groups`.
    private func removeNested(_ path: FilePath, _ groups: inout [UInt64]) throws {
        let root = try openFolder(path)
        var top = linux_btrfs_subvolume()
        try sys("look at subvolume \(path)") { linux_btrfs_describe(root.rawValue, &top) }
        groups = [top.id]
        var open = [Nested(id: top.id)]
        while let last = open.last {
            if let next = try nested(in: last.id, root.rawValue) {
                open.append(next)
                continue
            }
            open.removeLast()
            guard let around = open.last else { return }
            try destroy(last, in: around.id, root.rawValue)
            groups.append(last.id)
        }
    }

    /// A subvolume, and where it is in the one around it.
    struct Nested {
        let id: UInt64
        fileprivate var folder: UInt64 = 0
        fileprivate var name: [CChar] = []
    }

    /// A subvolume that lies in subvolume `id`, or nil.
    func nested(in id: UInt64, _ root: CInt) throws(SystemError) -> Nested? {
        var (found, folder) = (UInt64(0), UInt64(0))
        var name = [CChar](repeating: 0, count: 256)
        do throws(SystemError) {
            try sys("look for subvolumes in \(id)") { linux_btrfs_nested(root, id, &found, &folder, &name) }
        } catch {
            if error.errno == .noSuchFileOrDirectory { return nil }
            throw error
        }
        return Nested(id: found, folder: folder, name: name)
    }

    private func destroy(_ doomed: Nested, in id: UInt64, _ root: CInt) throws {
        let place = try sys("open the folder of subvolume \(doomed.id)") { linux_btrfs_open(root, id, doomed.folder) }
        let folder = OwnedDescriptor(place)
        let what = "delete subvolume \(doomed.id) in \(id)"
        do { try destroy(doomed.name, in: folder.rawValue, what) } catch let error as SystemError {
            guard Self.isSealed(error) else { throw error }
            unseal(try sys("open subvolume \(id)") { linux_btrfs_open(root, id, 256) })
            unseal(try sys("open the folder of subvolume \(doomed.id)") { linux_btrfs_open(root, id, doomed.folder) })
            try destroy(doomed.name, in: folder.rawValue, what)
        }
    }

    private func destroy(_ name: UnsafePointer<CChar>, in folder: CInt, _ what: String) throws {
        do { try sys(what) { linux_btrfs_destroy(folder, name) } } catch {
            guard Self.isSealed(error) else { throw error }
            unseal(openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
            try sys(what) { linux_btrfs_destroy(folder, name) }
        }
    }

    private static func isSealed(_ error: SystemError) -> Bool {
        [.notPermitted, .readOnlyFileSystem].contains(error.errno)
    }

    /// Takes off what its owner may have set: that the subvolume is read-only, its root immutable or append-only.
    ///
    /// Closes the descriptor. What can't be taken off shows when deleting is tried again.
    private func unseal(_ descriptor: CInt) {
        if descriptor < 0 { return }
        let root = OwnedDescriptor(descriptor)
        _ = linux_btrfs_set_read_only(root.rawValue, 0)
        var flags: UInt32 = 0
        guard linux_get_file_flags(root.rawValue, &flags) == 0 else { return }
        _ = linux_set_file_flags(root.rawValue, flags & ~UInt32(LINUX_FILE_IMMUTABLE | LINUX_FILE_APPEND))
    }
}
