// Mounting what a storage driver described (`Mount`), on a folder or on nothing at all.
//
// Two interfaces lead into the kernel. The new one (fsopen, fsconfig, fsmount, move_mount; Linux 5.2) takes options one
// by one, so a stack of overlay layers has no length limit but the kernel's 500; overlayfs takes `lowerdir+` since 6.8.
// The old one, mount(2), reads one page of joined options and *silently cuts off the rest*, so the length is checked.

import Glibc
public import SystemPackage

/// Which of the kernel's two mount interfaces to go through.
public enum MountInterface: Sendable, Equatable, CaseIterable {
    /// The new one where this kernel has it for this file system, else the old one.
    case best
    /// fsopen, fsconfig, fsmount, move_mount only.
    case new
    /// mount(2) only.
    case old
}

/// Makes `mounts` in order, their targets below `root`, an absolute path that exists; takes back what it made if one fails.
public func mountTree(
    _ mounts: [Mount],
    at root: FilePath,
    using interface: MountInterface = .best
) throws(SystemError) {
    for (index, mount) in mounts.enumerated() {
        do { try mount.make(at: mount.place(below: root), using: interface) } catch {
            for made in mounts[..<index].reversed() {
                // We already have an error to report, and the target was mounted a moment ago.
                try? unmount(made.place(below: root), detach: true)
            }
            throw error
        }
    }
}

/// Takes away the topmost mount on `target`; with `detach` also when it is in use: it then ends with its last user.
///
/// The system call is `umount2`.
public func unmount(_ target: FilePath, detach: Bool = false) throws(SystemError) {
    let noFollow: CInt = 8  // UMOUNT_NOFOLLOW
    let flags = (detach ? CInt(MNT_DETACH) : 0) | noFollow
    try sys("unmount \(target)") { umount2(target.string, flags) }
}

extension Mount {
    /// Makes this mount on `target`, an absolute path, whatever `self.target` says.
    public func make(at target: FilePath, using interface: MountInterface = .best) throws(SystemError) {
        try makeWhole(at: target, using: interface)
        if !subfolder.isEmpty { try narrow(target) }
    }

    /// Leaves only the subfolder of what was just mounted on `target`, as one mount.
    private func narrow(_ target: FilePath) throws(SystemError) {
        let inside = target.appending(subfolder.lexicallyNormalized().components.filter { $0.kind == .regular })
        let clone: CInt
        do throws(SystemError) {
            clone = try sys("take \(subfolder) of \(source)") {
                open_tree(AT_FDCWD, inside.string, UInt32(OPEN_TREE_CLONE) | UInt32(OPEN_TREE_CLOEXEC))
            }
        } catch {
            try? unmount(target, detach: true)  // it was made a moment ago; the error to report is the other one
            throw error
        }
        let part = OwnedDescriptor(clone)
        try unmount(target, detach: true)
        try sys("put \(subfolder) of \(source) on \(target)") {
            move_mount(part.rawValue, "", AT_FDCWD, target.string, UInt32(MOVE_MOUNT_F_EMPTY_PATH))
        }
    }

    private func makeWhole(at target: FilePath, using interface: MountInterface) throws(SystemError) {
        if type.isEmpty || interface == .old { return try makeOld(at: target) }
        do throws(SystemError) {
            let detached = try makeDetached()
            try sys("put the \(type) mount on \(target)") {
                move_mount(detached.rawValue, "", AT_FDCWD, target.string, UInt32(MOVE_MOUNT_F_EMPTY_PATH))
            }
        } catch {
            // EINVAL is how an older kernel says that it does not know `lowerdir+`, or takes no string that long.
            guard interface == .best, [.invalidArgument, .noFunction].contains(error.errno) else { throw error }
            do throws(SystemError) { try makeOld(at: target) } catch let old {
                // The new interface says in words what it did not like.
                throw SystemError(error.call, old.errno)
            }
        }
    }

    /// Where this mount goes in a tree at `root`; a target that would lead out of the root stays below it.
    func place(below root: FilePath) -> FilePath {
        let inside = target.lexicallyNormalized().components.filter { $0.kind == .regular }
        return root.appending(inside)
    }
}
