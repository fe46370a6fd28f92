import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// What stands in `/dev`: nodes, and the links that programs expect.
enum Devices {
    private static let nodes: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"), ("core", "/proc/kcore"),
    ]

    /// What may be opened: what the configuration says, and then what every container has; any node may be made.
    ///
    /// A terminal's (5:2, 136), the console that is one of those, and, as with runc, `/dev/net/tun` (10:200), which does
    /// nothing without CAP_NET_ADMIN, are among it.
    static func rules(_ spec: RuntimeSpec) -> [RuntimeDeviceRule] {
        let own = spec.linux?.resources?.devices ?? [RuntimeDeviceRule(allow: false)]
        // Everything else is allowed then, too.
        if own.first?.allow == true { return own }
        let common: [(Int64, Int64?)] =
            nodes.map { (Int64($0.major), Int64($0.minor)) } + [(5, 1), (5, 2), (136, nil), (10, 200)]
        return own + ["c", "b"].map { RuntimeDeviceRule(allow: true, type: $0, access: "m") }
            + common.map { RuntimeDeviceRule(allow: true, type: "c", major: $0.0, minor: $0.1) }
    }

    /// Fills the tmpfs, or the image's folder, on `/dev`; where the user mounted a `/dev` of his own, nothing is made in it.
    static func make(_ spec: RuntimeSpec, in root: borrowing ContainerRoot) throws {
        let mounted = spec.mounts?.last { FilePath($0.destination).lexicallyNormalized() == "/dev" }
        guard mounted == nil || mounted?.type == "tmpfs" else { return }
        let dev = try root.makeFolder("/dev")
        // mknod goes through the umask.
        let before = umask(0)
        defer { umask(before) }
        for (name, major, minor) in nodes {
            if mknodat(dev.rawValue, name, S_IFCHR | 0o666, linux_makedev(major, minor)) == 0 || errno == EEXIST {
                continue
            }
            throw SystemError("make /dev/\(name)", Errno(rawValue: errno))
        }
        for (name, target) in links where name != "core" || access(target, F_OK) == 0 {
            if symlinkat(target, dev.rawValue, name) == 0 || errno == EEXIST { continue }
            throw SystemError("link /dev/\(name)", Errno(rawValue: errno))
        }
        for device in spec.linux?.devices ?? [] { try make(device, in: root) }
    }

    private static func make(_ device: RuntimeDevice, in root: borrowing ContainerRoot) throws {
        let path = FilePath(device.path).lexicallyNormalized()
        let parent = try root.makeFolder(path.removingLastComponent().string)
        let name = path.lastComponent?.string ?? ""
        let type = ["c": S_IFCHR, "u": S_IFCHR, "b": S_IFBLK, "p": S_IFIFO][device.type] ?? S_IFCHR
        let mode = mode_t(device.fileMode ?? 0o666) & 0o7777
        let number = linux_makedev(UInt32(clamping: device.major ?? 0), UInt32(clamping: device.minor ?? 0))
        // Made with its mode: one that is changed afterwards may by then be a link that somebody put there, who shares the
        // folder, and this still has the host's tree.
        let before = umask(0)
        defer { umask(before) }
        do throws(SystemError) {
            try sys("make \(device.path)") { mknodat(parent.rawValue, name, type | mode, number) }
        } catch {
            // Whatever is there, the user or the image put it there.
            if error.errno == .fileExists { return }
            throw error
        }
        try sys("set the owner of \(device.path)") {
            fchownat(parent.rawValue, name, device.uid ?? 0, device.gid ?? 0, AT_SYMLINK_NOFOLLOW)
        }
    }
}
