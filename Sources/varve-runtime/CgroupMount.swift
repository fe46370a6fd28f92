import Glibc
import Linux
import OCI
import SystemPackage

/// `/sys/fs/cgroup` as Docker shows it: on v2 one file system; on v1 a small tmpfs with a folder a controller.
///
/// A container that is in the host's cgroup namespace gets its own groups of v1, not the whole trees.
enum CgroupMount {
    /// A tree of v1's in which the container has a group: `cpu,cpuacct` or `name=systemd`.
    struct Hierarchy {
        let controllers: String
        /// Its folder on the host, to be bound; nil: what is mounted anew begins with it.
        let folder: String?
    }

    static func make(_ entry: RuntimeMount, _ hierarchies: [Hierarchy], in root: borrowing ContainerRoot) throws {
        let options = MountOptions(entry.options ?? [])
        let target = try root.makeFolder(entry.destination)
        try ProcFiles.keep(target, from: nil, entry, in: root)
        if try FileSystemType(of: "/sys/fs/cgroup").magic == 0x6367_7270 {
            let isMounted = mount("cgroup", place(target.rawValue), "cgroup2", options.flags, nil) == 0
            // With `-v /sys:/sys` the host's is there already, as the user wants it.
            guard isMounted || errno == EBUSY else {
                throw SystemError("mount cgroup2 on \(entry.destination)", Errno(rawValue: errno))
            }
            return
        }
        let basic = options.flags & ~UInt(MS_RDONLY)
        try sys("mount tmpfs on \(entry.destination)") {
            mount("tmpfs", place(target.rawValue), "tmpfs", basic, "mode=755")
        }
        for hierarchy in hierarchies { mountHierarchy(hierarchy, entry.destination, options.flags, in: root) }
        guard options.flags & UInt(MS_RDONLY) != 0 else { return }
        let mounted = try root.open(entry.destination)
        try sys("remount \(entry.destination) read-only") {
            mount("", place(mounted.rawValue), nil, UInt(MS_REMOUNT | MS_BIND | MS_RDONLY) | basic, nil)
        }
    }

    /// Those in which this process is in a group of the container's own: what others show is the host's. To be asked
    /// before the process has a cgroup namespace.
    static func hierarchies(of spec: RuntimeSpec) throws -> [Hierarchy] {
        let own = spec.linux?.cgroupsPath.map { FilePath("/").pushing(FilePath($0)).string } ?? ""
        let isShared = spec.linux?.namespaces?.contains { $0.type == "cgroup" } != true
        let host = isShared ? try MountInfo.all().filter { $0.type == "cgroup" } : []
        // No file, no hierarchies: the folder stays empty.
        guard let text = try? readFile("/proc/self/cgroup") else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line -> Hierarchy? in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, !fields[1].isEmpty, fields[2].hasSuffix(own) else { return nil }
            let controllers = String(fields[1])
            guard isShared else { return Hierarchy(controllers: controllers, folder: nil) }
            let words = Set(controllers.split(separator: ",").map(String.init))
            guard let mount = host.first(where: { words.isSubset(of: $0.superOptions) }) else { return nil }
            return Hierarchy(controllers: controllers, folder: folder(String(fields[2]), mount))
        }
    }

    /// Where the group `path` is in a tree that is mounted.
    private static func folder(_ path: String, _ mount: MountInfo) -> String {
        var inside = FilePath(path)
        _ = inside.removePrefix(mount.root)
        return mount.target.pushing(FilePath(root: nil, inside.components)).string
    }

    /// A hierarchy that can't be mounted (in use elsewhere with other options) is left out, as the host may lack it.
    private static func mountHierarchy(
        _ hierarchy: Hierarchy,
        _ base: String,
        _ flags: UInt,
        in root: borrowing ContainerRoot
    ) {
        let controllers = hierarchy.controllers
        let name = controllers.hasPrefix("name=") ? String(controllers.dropFirst(5)) : controllers
        guard let folder = try? root.makeFolder("\(base)/\(name)") else { return }
        let data = controllers.hasPrefix("name=") ? "none,\(controllers)" : controllers
        if let own = hierarchy.folder {
            guard mount(own, place(folder.rawValue), nil, UInt(MS_BIND), nil) == 0,
                let mounted = try? root.open("\(base)/\(name)"),
                mount("", place(mounted.rawValue), nil, UInt(MS_REMOUNT | MS_BIND) | flags, nil) == 0
            else { return }
        } else {
            guard mount("cgroup", place(folder.rawValue), "cgroup", flags, data) == 0 else { return }
        }
        let parts = name.split(separator: ",")
        guard parts.count > 1, let parent = try? root.open(base) else { return }
        for part in parts { symlinkat(name, parent.rawValue, String(part)) }
    }
}
