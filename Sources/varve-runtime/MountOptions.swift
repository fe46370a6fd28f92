import Glibc
import OCI

/// A mount's options, taken apart as `mount(8)` does: flags, propagation, and what the file system itself gets.
struct MountOptions {
    var flags: UInt = 0
    /// Flags that were asked to be off (`rw`, `exec`): they win over what a remount would keep.
    var propagation: UInt = 0
    var isBind = false
    /// Also what is mounted below the source is read-only.
    var isReadOnlyBelow = false
    /// An error where the kernel can't do that.
    var mustBeReadOnlyBelow = false
    /// The part of the source that is mounted.
    var subpath: String?
    /// A tmpfs begins with what is in the folder that it is mounted on.
    var copiesUp = false
    /// The mount namespace that the source is in.
    var foundIn: String?
    var data: [String] = []

    private static let on: [String: UInt] = [
        "ro": UInt(MS_RDONLY), "nosuid": UInt(MS_NOSUID), "nodev": UInt(MS_NODEV), "noexec": UInt(MS_NOEXEC),
        "sync": UInt(MS_SYNCHRONOUS), "dirsync": UInt(MS_DIRSYNC), "noatime": UInt(MS_NOATIME),
        "nodiratime": UInt(MS_NODIRATIME), "relatime": UInt(MS_RELATIME), "strictatime": UInt(MS_STRICTATIME),
        "iversion": UInt(MS_I_VERSION), "mand": UInt(MS_MANDLOCK), "silent": 1 << 15, "nosymfollow": 1 << 8,
        "lazytime": 1 << 25, "remount": UInt(MS_REMOUNT),
    ]
    private static let off: [String: UInt] = [
        "rw": UInt(MS_RDONLY), "suid": UInt(MS_NOSUID), "dev": UInt(MS_NODEV), "exec": UInt(MS_NOEXEC),
        "async": UInt(MS_SYNCHRONOUS), "atime": UInt(MS_NOATIME), "diratime": UInt(MS_NODIRATIME),
        "norelatime": UInt(MS_RELATIME), "nostrictatime": UInt(MS_STRICTATIME), "noiversion": UInt(MS_I_VERSION),
        "nomand": UInt(MS_MANDLOCK), "loud": 1 << 15, "symfollow": 1 << 8, "nolazytime": 1 << 25,
    ]
    private static let propagations: [String: UInt] = [
        "shared": UInt(MS_SHARED), "slave": UInt(MS_SLAVE), "private": UInt(MS_PRIVATE),
        "rshared": UInt(MS_SHARED) | UInt(MS_REC), "rslave": UInt(MS_SLAVE) | UInt(MS_REC),
        "rprivate": UInt(MS_PRIVATE) | UInt(MS_REC), "unbindable": UInt(MS_UNBINDABLE),
        "runbindable": UInt(MS_UNBINDABLE) | UInt(MS_REC),
    ]

    /// The propagation, where there is one.
    var given: UInt? { propagation == 0 ? nil : propagation }

    /// All words that mean something to this runtime.
    static var known: [String] {
        (Array(on.keys) + Array(off.keys) + Array(propagations.keys)
            + ["bind", "rbind", "rro", "tmpcopyup", "defaults"]).sorted()
    }

    init(_ options: [String]) {
        for option in options {
            if let flag = Self.on[option] {
                flags |= flag
            } else if let flag = Self.off[option] {
                flags &= ~flag
            } else if let kind = Self.propagations[option] {
                propagation = kind
            } else if option == "rro" {
                (isReadOnlyBelow, flags) = (true, flags | UInt(MS_RDONLY))
            } else if option == "bind" || option == "rbind" {
                isBind = true
                flags |= UInt(MS_BIND) | (option == "rbind" ? UInt(MS_REC) : 0)
            } else if option == "tmpcopyup" {
                copiesUp = true
            } else if option == RuntimeMount.readOnlyBelow {
                mustBeReadOnlyBelow = true
            } else if option.hasPrefix(RuntimeMount.subpath) {
                subpath = String(option.dropFirst(RuntimeMount.subpath.count))
            } else if option.hasPrefix(RuntimeMount.found) {
                foundIn = String(option.dropFirst(RuntimeMount.found.count))
            } else if option != "defaults" {
                data.append(option)
            }
        }
    }
}
