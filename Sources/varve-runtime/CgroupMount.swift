import Glibc
import Linux
import OCI
import SystemPackage

/// `/sys/fs/cgroup` as Docker shows it: on v2 one file system; on v1 a small tmpfs with a folder a controller.
enum CgroupMount {
    static func make(_ entry: RuntimeMount, _ hierarchies: [String], in root: borrowing ContainerRoot) throws {
        let options = MountOptions(entry.options ?? [])
        let target = try root.makeFolder(entry.destination)
        try ProcFiles.keep(target, from: nil, entry, in: root)
        if try FileSystemType(of: "/sys/fs/cgroup").magic == 0x6367_7270 {
            try sys("mount cgroup2 on \(entry.destination)") {
                mount("cgroup", place(target.rawValue), "cgroup2", options.flags, nil)
            }
            return
        }
        let basic = options.flags & ~UInt(MS_RDONLY)
        try sys("mount tmpfs on \(entry.destination)") {
            mount("tmpfs", place(target.rawValue), "tmpfs", basic, "mode=755")
        }
        for controllers in hierarchies { mountHierarchy(controllers, entry.destination, options.flags, in: root) }
        guard options.flags & UInt(MS_RDONLY) != 0 else { return }
        let mounted = try root.open(entry.destination)
        try sys("remount \(entry.destination) read-only") {
            mount("", place(mounted.rawValue), nil, UInt(MS_REMOUNT | MS_BIND | MS_RDONLY) | basic, nil)
        }
    }

    /// The v1 hierarchies in which this process is in a group of the container's own: `cpu,cpuacct`. What others show is the
    /// host's.
    static func hierarchies(below group: String?) -> [String] {
        let name = group.flatMap { FilePath($0).lastComponent?.string } ?? ""
        // No file, no hierarchies: the folder stays empty.
        guard let text = try? readFile("/proc/self/cgroup") else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 && !fields[1].isEmpty && fields[2].hasSuffix(name) ? String(fields[1]) : nil
        }
    }

    /// A hierarchy that can't be mounted (in use elsewhere with other options) is left out, as the host may lack it.
    private static func mountHierarchy(
        _ controllers: String,
        _ base: String,
        _ flags: UInt,
        in root: borrowing ContainerRoot
    ) {
        let name = controllers.hasPrefix("name=") ? String(controllers.dropFirst(5)) : controllers
        guard let folder = try? root.makeFolder("\(base)/\(name)") else { return }
        let data = controllers.hasPrefix("name=") ? "none,\(controllers)" : controllers
        guard mount("cgroup", place(folder.rawValue), "cgroup", flags, data) == 0 else { return }
        let parts = name.split(separator: ",")
        guard parts.count > 1, let parent = try? root.open(base) else { return }
        for part in parts { symlinkat(name, parent.rawValue, String(part)) }
    }
}
