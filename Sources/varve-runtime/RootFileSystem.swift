import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// Makes the container's tree: the driver's mounts, then those of `config.json`, all in the container's own mount
/// namespace, so that the host never sees one of them and none can be left over.
struct RootFileSystem {
    let spec: RuntimeSpec
    /// Where the tree is put together: a folder of the exec root.
    let place: String
    /// The v1 control groups that are shown.
    var hierarchies: [CgroupMount.Hierarchy] = []

    /// Mounts the root itself; the first step after the new mount namespace.
    func mountRoot(folder: String?, mounts: [RootMount]) throws {
        // Nothing mounted here may show on the host; what the host mounts later may show here (volumes).
        let kind = MountOptions([spec.linux?.rootfsPropagation ?? ""]).given ?? UInt(MS_REC | MS_SLAVE)
        try sys("set the propagation of the host's root") { mount("", "/", nil, kind, nil) }
        if let folder {
            if kind & UInt(MS_SHARED) != 0 { try separate(place) }
            try sys("bind \(folder) on \(place)") { mount(folder, place, nil, UInt(MS_BIND | MS_REC), nil) }
            // pivot_root takes no shared one.
            if kind & UInt(MS_SHARED) != 0 {
                try sys("make the tree private") { mount("", place, nil, UInt(MS_PRIVATE), nil) }
            }
        } else {
            try mountTree(mounts.map(Mount.init), at: FilePath(place))
        }
    }

    /// Keeps what is mounted on `place` from the host, whose mounts this process shares from here on.
    private func separate(_ place: String) throws {
        let all = try MountInfo.all()
        let holder = all.last { FilePath(place).starts(with: $0.target) }?.target.string ?? "/"
        try sys("make \(holder) private") { mount("", holder, nil, UInt(MS_PRIVATE), nil) }
    }

    /// The same with a root that somebody else made, who had the right to.
    func attachRoot(_ root: CInt) throws {
        try sys("make / a slave") { mount("", "/", nil, UInt(MS_REC | MS_SLAVE), nil) }
        try sys("attach the root to \(place)") { linux_attach_mount(root, place) }
    }

    /// Everything that is mounted below the root, in the order of `config.json`.
    ///
    /// `ready` are those that somebody else made, by their numbers there.
    func mountAll(in root: borrowing ContainerRoot, ready: [Int: CInt] = [:]) throws {
        for (number, entry) in (spec.mounts ?? []).enumerated() {
            try step("mount \(entry.destination)") {
                if let mount = ready[number] { return try attach(mount, entry, in: root) }
                switch entry.kind {
                case "cgroup": try CgroupMount.make(entry, hierarchies, in: root)
                case "bind", "none": try bind(entry, in: root)
                default: try mountNew(entry, in: root)
                }
            }
        }
    }

    /// A file system of its own: proc, sysfs, tmpfs, devpts, mqueue.
    private func mountNew(_ entry: RuntimeMount, in root: borrowing ContainerRoot) throws {
        let target = try root.makeFolder(entry.destination)
        try ProcFiles.keep(target, from: nil, entry, in: root)
        let type = entry.type ?? ""
        if type == "proc" || type == "sysfs" { try refuseLink(entry.destination, in: root) }
        let options = MountOptions(entry.options ?? [])
        let label = try Labels.mountOption(spec.linux?.mountLabel, type: type)
        let data = (options.data + (label.map { [$0] } ?? [])).joined(separator: ",")
        try sys("mount \(type) on \(entry.destination)") {
            mount(entry.source ?? type, varve_runtime.place(target.rawValue), type, options.flags, data)
        }
        if type == "mqueue" {
            let queues = try root.open(entry.destination)
            try Labels.set(spec.linux?.mountLabel, on: queues.rawValue)
        }
        if options.copiesUp {
            let mounted = try root.open(entry.destination)
            try CopyUp(from: target.rawValue, to: mounted.rawValue).run()
        }
        if options.propagation != 0 { try propagate(entry.destination, options.propagation, in: root) }
    }

    /// An image whose `/proc` is a link would move masks and sysctls to a place of its choice (CVE-2023-27561).
    private func refuseLink(_ path: String, in root: borrowing ContainerRoot) throws {
        var status = stat()
        let relative = String(path.drop { $0 == "/" })
        try sys("look at \(path)") { fstatat(root.descriptor, relative, &status, AT_SYMLINK_NOFOLLOW) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StepError("\(path) of the image must be a folder, not a link")
        }
    }

    private func bind(_ entry: RuntimeMount, in root: borrowing ContainerRoot) throws {
        let options = MountOptions(entry.options ?? [])
        let path = entry.source ?? ""
        if let other = options.foundIn { return try attach(path, of: other, entry.destination, in: root) }
        let source = try open(path, options.subpath)
        let isFolder = try ContainerRoot.type(of: source.rawValue) == S_IFDIR
        let target = isFolder ? try root.makeFolder(entry.destination) : try root.makeFile(entry.destination)
        try ProcFiles.keep(target, from: source.rawValue, entry, in: root)
        let binding = options.flags & UInt(MS_REC) | UInt(MS_BIND)
        try sys("bind \(path) on \(entry.destination)") {
            mount(varve_runtime.place(source.rawValue), varve_runtime.place(target.rawValue), nil, binding, nil)
        }
        try finish(entry, options, in: root)
    }

    /// A copy of a mount, which is attached nowhere.
    private func attach(_ copy: CInt, _ entry: RuntimeMount, in root: borrowing ContainerRoot) throws {
        let isFolder = try ContainerRoot.type(of: copy) == S_IFDIR
        let target = isFolder ? try root.makeFolder(entry.destination) : try root.makeFile(entry.destination)
        try ProcFiles.keep(target, from: copy, entry, in: root)
        try sys("attach \(entry.destination)") { linux_attach_mount(copy, varve_runtime.place(target.rawValue)) }
        let options = MountOptions(entry.options ?? [])
        // Another container's goes on as it is, and what is no copy of the host's was made with its flags.
        guard options.foundIn == nil, !["tmpfs", "mqueue"].contains(entry.type ?? "") else { return }
        try finish(entry, options, in: root)
    }

    /// What a bind mount can only be given when it is there.
    private func finish(_ entry: RuntimeMount, _ options: MountOptions, in root: borrowing ContainerRoot) throws {
        let rest = options.flags & ~UInt(MS_BIND | MS_REC)
        if rest != 0 { try remount(entry.destination, rest, in: root) }
        if options.isReadOnlyBelow {
            try makeReadOnly(entry.destination, in: root, orFail: options.mustBeReadOnlyBelow)
        }
        try propagate(
            entry.destination,
            options.propagation == 0 ? UInt(MS_PRIVATE | MS_REC) : options.propagation,
            in: root
        )
    }

    /// Another container's mount: it is on no path of the host's, so that it goes with its last user.
    private func attach(
        _ path: String,
        of namespace: String,
        _ destination: String,
        in root: borrowing ContainerRoot
    ) throws {
        let other = OwnedDescriptor(try sys("open \(namespace)") { Glibc.open(namespace, O_RDONLY | O_CLOEXEC) })
        let target = try root.makeFolder(destination)
        try ProcFiles.keep(target, from: nil, RuntimeMount(destination: destination), in: root)
        let copy = OwnedDescriptor(
            try sys("find \(path) of the other container") { linux_mount_of(other.rawValue, path) }
        )
        try sys("attach \(destination)") {
            linux_attach_mount(copy.rawValue, varve_runtime.place(target.rawValue))
        }
    }

    /// With all that is mounted below; a kernel before 5.12 can't, and the topmost alone is then, or it fails.
    private func makeReadOnly(_ path: String, in root: borrowing ContainerRoot, orFail: Bool) throws {
        let mounted = try root.open(path)
        do throws(SystemError) {
            try sys("make \(path) read-only") { linux_mounts_read_only(mounted.rawValue) }
        } catch {
            guard error.errno == .noFunction, !orFail else { throw error }
        }
    }

    private func open(_ path: String, _ part: String?) throws -> OwnedDescriptor {
        let whole = OwnedDescriptor(try sys("open \(path)") { Glibc.open(path, LINUX_O_PATH | O_CLOEXEC) })
        guard let part else { return whole }
        return OwnedDescriptor(
            try sys("open \(part) in \(path)") { linux_open_in_root(whole.rawValue, part, UInt64(LINUX_O_PATH)) }
        )
    }

    private func propagate(_ path: String, _ kind: UInt, in root: borrowing ContainerRoot) throws {
        let mounted = try root.open(path)
        try sys("set the propagation of \(path)") { mount("", varve_runtime.place(mounted.rawValue), nil, kind, nil) }
    }

    /// A bind mount takes flags only in a second call, which must repeat those that the source has.
    private func remount(_ path: String, _ flags: UInt, in root: borrowing ContainerRoot) throws {
        let mounted = try root.open(path)
        var now = statvfs()
        try sys("look at \(path)") { fstatvfs(mounted.rawValue, &now) }
        let kept = UInt(now.f_flag) & UInt(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
        try sys("remount \(path)") {
            mount("", varve_runtime.place(mounted.rawValue), nil, UInt(MS_REMOUNT | MS_BIND) | kept | flags, nil)
        }
    }
}

extension RuntimeMount {
    /// Whoever says so in the options means a bind mount, whatever its type.
    var kind: String {
        (options ?? []).contains { $0 == "bind" || $0 == "rbind" } ? "bind" : type ?? "bind"
    }
}

extension Mount {
    init(_ mount: RootMount) {
        self.init(
            type: mount.type,
            source: mount.source,
            target: FilePath(mount.target),
            options: mount.options,
            subfolder: FilePath(mount.subfolder)
        )
    }
}
