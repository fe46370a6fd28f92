import Glibc
import Linux
import SystemPackage

/// Paths that a container may not read, and such that it may not write; ones that are not there are left out.
enum Masks {
    /// Files get the null device over them, folders an empty read-only tmpfs.
    ///
    /// The device is the host's, which nobody in a container can swap; read-only, or its mode would be theirs to change.
    static func hide(_ paths: [String], in root: borrowing ContainerRoot) throws {
        let null = OwnedDescriptor(
            try sys("open /dev/null") { open("/dev/null", LINUX_O_PATH | O_CLOEXEC | O_NOFOLLOW) }
        )
        var status = stat()
        try sys("look at /dev/null") { fstat(null.rawValue, &status) }
        // A /dev/null that is anything else would put that thing over the masked files (CVE-2025-31133).
        guard status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == nullDevice else {
            throw StepError("/dev/null of the host is not the null device")
        }
        for path in paths {
            guard let target = try? root.open(path) else { continue }
            if try ContainerRoot.type(of: target.rawValue) == S_IFDIR {
                let flags = UInt(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
                try sys("hide \(path)") {
                    mount("tmpfs", place(target.rawValue), "tmpfs", flags, "size=0k,nr_inodes=1")
                }
            } else {
                try sys("hide \(path)") { mount(place(null.rawValue), place(target.rawValue), nil, UInt(MS_BIND), nil) }
                try makeReadOnly(path, in: root)
            }
        }
    }

    /// Binds each path on itself, read-only.
    static func protect(_ paths: [String], in root: borrowing ContainerRoot) throws {
        for path in paths {
            guard let target = try? root.open(path) else { continue }
            let here = place(target.rawValue)
            try sys("bind \(path) on itself") { mount(here, here, nil, UInt(MS_BIND | MS_REC), nil) }
            try makeReadOnly(path, in: root)
        }
    }

    private static func makeReadOnly(_ path: String, in root: borrowing ContainerRoot) throws {
        let mounted = try root.open(path)
        var now = statvfs()
        try sys("look at \(path)") { fstatvfs(mounted.rawValue, &now) }
        let kept = UInt(now.f_flag) & UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        let flags = UInt(MS_REMOUNT | MS_BIND | MS_RDONLY) | kept
        try sys("make \(path) read-only") { mount("", place(mounted.rawValue), nil, flags, nil) }
    }
}
