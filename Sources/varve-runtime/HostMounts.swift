import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// What a container in a user namespace of its own is given, since there it may not have it by itself: its root, what is
/// bound, and the devices in `/dev`; as copies of mounts that are attached nowhere, made with the host's rights.
///
/// Layers keep the ids of images on the disk: the mounts show them under the namespace's.
struct HostMounts {
    private(set) var root: CInt = -1
    /// By the number of the entry in `mounts` of the configuration.
    private(set) var entries: [Int: CInt] = [:]

    private let spec: RuntimeSpec
    private let user: UserNamespace
    /// A folder to put things together at, in a mount namespace that nobody else has.
    private let place: String

    init(_ spec: RuntimeSpec, _ message: LaunchMessage, _ user: UserNamespace) throws {
        (self.spec, self.user) = (spec, user)
        place = message.folder + "/rootfs"
        try sys("make / a slave") { mount("", "/", nil, UInt(MS_REC | MS_SLAVE), nil) }
        let maps = spec.annotations?["io.varve.idmapped-root"] != nil
        root = try step("root file system") {
            try MappedRoot(place: place, user: maps ? user : nil).make(message.rootFolder, message.mounts)
        }
        for (number, entry) in (spec.mounts ?? []).enumerated() {
            try step("mount \(entry.destination)") { entries[number] = try make(entry) }
        }
    }

    /// Nil: the container mounts it itself.
    private func make(_ entry: RuntimeMount) throws -> CInt? {
        switch entry.kind {
        case "bind", "none": return try bind(entry)
        case "tmpfs" where entry.destination == "/dev": return try devices(entry)
        // Only who has such a namespace to himself may mount these.
        case "mqueue" where !has("ipc"): return try queues(entry)
        case "cgroup" where !has("cgroup"): return try groups(entry)
        default: return nil
        }
    }

    private func has(_ type: String) -> Bool { spec.linux?.namespaces?.contains { $0.type == type } == true }

    /// The host's, with what is mounted below: with v1 a mount for each tree.
    private func groups(_ entry: RuntimeMount) throws -> CInt {
        let made = try copy("/sys/fs/cgroup", below: true)
        if MountOptions(entry.options ?? []).flags & UInt(MS_RDONLY) != 0 {
            try sys("make the control groups read-only") { linux_mounts_read_only(made) }
        }
        return made
    }

    private func queues(_ entry: RuntimeMount) throws -> CInt {
        let flags = MountOptions(entry.options ?? []).flags
        try sys("mount mqueue") { mount("mqueue", place, "mqueue", flags, nil) }
        defer { umount2(place, CInt(MNT_DETACH)) }
        return try copy(place, below: false)
    }

    private func copy(_ path: String, below: Bool) throws -> CInt {
        try sys("copy the mount \(path)") { linux_copy_mount(AT_FDCWD, path, below ? 1 : 0) }
    }

    private func bind(_ entry: RuntimeMount) throws -> CInt {
        let options = MountOptions(entry.options ?? [])
        let path = entry.source ?? ""
        if let namespace = options.foundIn {
            let other = OwnedDescriptor(try sys("open \(namespace)") { open(namespace, O_RDONLY | O_CLOEXEC) })
            return try sys("find \(path) of the other container") { linux_mount_of(other.rawValue, path) }
        }
        let below = options.flags & UInt(MS_REC) != 0
        let made: CInt
        if let part = options.subpath {
            let whole = OwnedDescriptor(try sys("open \(path)") { open(path, LINUX_O_PATH | O_CLOEXEC) })
            let found = OwnedDescriptor(
                try sys("open \(part) in \(path)") { linux_open_in_root(whole.rawValue, part, UInt64(LINUX_O_PATH)) }
            )
            made = try sys("copy the mount \(path)") { linux_copy_mount(found.rawValue, "", below ? 1 : 0) }
        } else {
            made = try copy(path, below: below)
        }
        if let uids = entry.uidMappings, let gids = entry.gidMappings {
            let isSame = uids == user.uids && gids == user.gids
            try MappedRoot.map(made, path, isSame ? user : UserNamespace(uids, gids))
        }
        return made
    }

    /// A `/dev` with its nodes: no process in a user namespace may make any, and the kernel lets none be opened on a file
    /// system that such a process mounted.
    private func devices(_ entry: RuntimeMount) throws -> CInt {
        let options = MountOptions(entry.options ?? [])
        let owner = ["uid=\(user.root.user)", "gid=\(user.root.group)"]
        let label = try Labels.mountOption(spec.linux?.mountLabel).map { [$0] } ?? []
        let data = (options.data + owner + label).joined(separator: ",")
        try sys("mount tmpfs") { mount("tmpfs", place, "tmpfs", 0, "mode=755") }
        defer { umount2(place, CInt(MNT_DETACH)) }
        try sys("make /dev") { mkdir(place + "/dev", 0o755) }
        try sys("mount /dev") {
            mount("tmpfs", place + "/dev", "tmpfs", options.flags, data)
        }
        var own = spec
        own.linux?.devices = try spec.linux?.devices?.map(owned)
        try step("devices") { try user.asRoot { try Devices.make(own, in: ContainerRoot(place)) } }
        return try copy(place + "/dev", below: false)
    }

    /// With the host's ids for those that the container shall see.
    private func owned(_ device: RuntimeDevice) throws -> RuntimeDevice {
        var device = device
        guard FilePath(device.path).lexicallyNormalized().starts(with: "/dev") else {
            throw StepError("\(device.path): in a user namespace devices can only be in /dev")
        }
        let owner = (
            UserNamespace.host(device.uid ?? 0, in: user.uids), UserNamespace.host(device.gid ?? 0, in: user.gids)
        )
        (device.uid, device.gid) = (owner.0 ?? user.root.user, owner.1 ?? user.root.group)
        return device
    }
}
