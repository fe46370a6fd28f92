import DockerAPI
import OCI
import SystemPackage

/// What is mounted in a container, in order: parents before what is below them.
enum SpecMounts {
    /// Docker's default mounts, the container's own files, and what the user asked for, which replaces a default on the
    /// same destination. `shared` is the mount namespace whose `/dev/shm` it has.
    static func all(_ record: ContainerRecord, _ host: HostConfig, shared: String? = nil) -> [RuntimeMount] {
        var asked = binds(record, host) + requested(record, host) + tmpfs(host)
        asked += others(record, host, Set(asked.map(\.destination)))
        let taken = Set(asked.map(\.destination))
        let given = (defaults(host, shared) + files(record, host)).filter { mount in
            !taken.contains(mount.destination) && !(taken.contains("/dev") && mount.destination.hasPrefix("/dev/"))
        }
        // Stable, by depth: a mount on /a/b must come after one on /a.
        return (given + asked).enumerated()
            .sorted { (depth($0.element), $0.offset) < (depth($1.element), $1.offset) }
            .map(\.element)
    }

    private static func depth(_ mount: RuntimeMount) -> Int { FilePath(mount.destination).components.count }

    private static func mount(_ destination: String, _ type: String, _ source: String, _ options: [String])
        -> RuntimeMount
    {
        var mount = RuntimeMount(destination: destination)
        mount.type = type
        mount.source = source
        mount.options = options
        return mount
    }

    private static func defaults(_ host: HostConfig, _ shared: String?) -> [RuntimeMount] {
        let access = host.privileged ? "rw" : "ro"
        let shm = host.shmSize > 0 ? host.shmSize : 67_108_864
        var mounts = [
            mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount(
                "/dev/pts",
                "devpts",
                "devpts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
            ),
            mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", access]),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", [access, "nosuid", "noexec", "nodev"]),
            mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
        ]
        if host.ipcMode == "host" {
            mounts.append(mount("/dev/shm", "bind", "/dev/shm", ["rbind", "rprivate"]))
        } else if let shared {
            mounts.append(mount("/dev/shm", "bind", "/dev/shm", ["bind", RuntimeMount.found + shared]))
        } else if host.ipcMode != "none" {
            mounts.append(mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=\(shm)"]))
        }
        return mounts
    }

    /// A file of the host that the container can only read.
    static func file(_ source: String, at destination: String) -> RuntimeMount {
        mount(destination, "bind", source, ["bind", "ro"])
    }

    /// The container's own, which with `--read-only` are so, too.
    private static func files(_ record: ContainerRecord, _ host: HostConfig) -> [RuntimeMount] {
        let files = [
            ("/etc/resolv.conf", record.resolvConfPath), ("/etc/hostname", record.hostnamePath),
            ("/etc/hosts", record.hostsPath),
        ]
        let options = ["rbind", "rprivate"] + (host.readonlyRootfs ? ["ro"] : [])
        return files.filter { !$0.1.isEmpty }.map { mount($0.0, "bind", $0.1, options) }
    }

    /// How the mount at a destination is read-only.
    private static func readOnly(_ record: ContainerRecord, _ destination: String) -> String {
        record.mountPoints?[destination]?.isReadOnlyShallow ?? false ? "ro" : "rro"
    }

    private static func binds(_ record: ContainerRecord, _ host: HostConfig) -> [RuntimeMount] {
        (host.binds ?? []).compactMap(Bind.init).map { bind in
            let access = bind.isReadOnly ? [readOnly(record, bind.destination)] : []
            return mount(bind.destination, "bind", bind.source, ["rbind", bind.propagation] + access)
        }
    }

    /// Volumes, images, and what came from other containers.
    private static func others(
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ taken: Set<String>
    ) -> [RuntimeMount] {
        (record.mountPoints ?? [:]).values
            .filter { ["bind", "volume", "image"].contains($0.type) && !$0.source.isEmpty }
            .filter { !taken.contains($0.destination) }
            .sorted { $0.destination < $1.destination }
            .map { point in
                let propagation = point.propagation.isEmpty ? "rprivate" : point.propagation
                let access = point.isWritable ? [] : [readOnly(record, point.destination)]
                // Found at the start, in a tree that others may be changing: by who mounts it.
                let subpath = point.type == "image" ? Self.part(host, point.destination) : point.subpath
                let part = subpath.isEmpty ? [] : [RuntimeMount.subpath + subpath]
                return mount(point.destination, "bind", point.source, ["rbind", propagation] + access + part)
            }
    }

    private static func part(_ host: HostConfig, _ destination: String) -> String {
        host.imageMounts.first { $0.target == destination }?.imageOptions?.subpath ?? ""
    }

    private static func requested(_ record: ContainerRecord, _ host: HostConfig) -> [RuntimeMount] {
        (host.mounts ?? []).filter { !["volume", "image"].contains($0.type) }.map { request in
            let access = request.readOnly ? ["ro"] : []
            if request.type == "tmpfs" {
                let size = request.tmpfsOptions.map { $0.sizeBytes > 0 ? ["size=\($0.sizeBytes)"] : [] } ?? []
                let mode =
                    request.tmpfsOptions.map { $0.mode > 0 ? ["mode=\(String($0.mode & 0o7777, radix: 8))"] : [] } ?? []
                return mount(request.target, "tmpfs", "tmpfs", ["nosuid", "nodev", "noexec"] + size + mode + access)
            }
            let propagation = request.bindOptions?.propagation ?? ""
            let recursion = request.bindOptions?.nonRecursive == true ? "bind" : "rbind"
            let isForced = request.bindOptions?.readOnlyForceRecursive ?? false
            let below = isForced ? ["rro", RuntimeMount.readOnlyBelow] : [readOnly(record, request.target)]
            return mount(
                request.target,
                "bind",
                request.source,
                [recursion, propagation.isEmpty ? "rprivate" : propagation] + (request.readOnly ? below : [])
            )
        }
    }

    private static func tmpfs(_ host: HostConfig) -> [RuntimeMount] {
        (host.tmpfs ?? [:]).sorted { $0.key < $1.key }.map { destination, options in
            let own = options.split(separator: ",").map(String.init)
            return mount(destination, "tmpfs", "tmpfs", ["nosuid", "nodev", "noexec"] + own)
        }
    }
}

/// `source:destination[:mode]`, with an absolute source.
struct Bind: Equatable {
    var source: String
    var destination: String
    var isReadOnly = false
    var propagation = "rprivate"
    /// The mode as the user wrote it.
    var mode = ""

    /// Nil where it names a volume, or is not of that form.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, parts[0].hasPrefix("/"), parts[1].hasPrefix("/")
        else {
            return nil
        }
        source = parts[0]
        destination = Destination.plain(parts[1])
        if destination == "/" { return nil }
        guard parts.count == 3 else { return }
        mode = parts[2]
        // Either for all containers or for one.
        if Set(mode.split(separator: ",")).isSuperset(of: ["z", "Z"]) { return nil }
        for word in mode.split(separator: ",") {
            switch word {
            case "ro": isReadOnly = true
            case "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated": break
            case "shared", "rshared", "slave", "rslave", "private", "rprivate": propagation = String(word)
            default: return nil
            }
        }
    }
}
