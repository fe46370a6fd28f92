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

    /// Fills the tmpfs on `/dev`; where the user mounted a `/dev` of his own, nothing is made in it.
    static func make(_ spec: RuntimeSpec, in root: borrowing ContainerRoot) throws {
        guard spec.mounts?.contains(where: { $0.destination == "/dev" && $0.type == "tmpfs" }) == true else { return }
        let dev = try root.open("/dev")
        for node in nodes {
            try sys("make /dev/\(node.name)") {
                mknodat(dev.rawValue, node.name, S_IFCHR | 0o666, linux_makedev(node.major, node.minor))
            }
            // mknod goes through the umask.
            try sys("set the mode of /dev/\(node.name)") { fchmodat(dev.rawValue, node.name, 0o666, 0) }
        }
        for (name, target) in links {
            try sys("link /dev/\(name)") { symlinkat(target, dev.rawValue, name) }
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
        try sys("make \(device.path)") { mknodat(parent.rawValue, name, type | mode, number) }
        try sys("set the mode of \(device.path)") { fchmodat(parent.rawValue, name, mode, 0) }
        try sys("set the owner of \(device.path)") {
            fchownat(parent.rawValue, name, device.uid ?? 0, device.gid ?? 0, AT_SYMLINK_NOFOLLOW)
        }
    }
}
