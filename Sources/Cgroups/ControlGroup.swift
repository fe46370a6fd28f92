import Glibc
import Linux
import SystemPackage

/// One container's control groups: a folder of the same path in each tree.
package struct ControlGroup: Sendable {
    private let hierarchies: Hierarchies
    /// From the tree's root, as in `cgroupsPath` of the OCI configuration: `varve/<id>`.
    private let parts: [FilePath.Component]

    /// Throws where `path` is the root, or leaves it by `..`.
    package init(_ path: String, in hierarchies: Hierarchies) throws {
        let parts = FilePath(path).components
        guard !parts.isEmpty, parts.allSatisfy({ $0.kind == .regular }) else {
            throw SystemError("use the control group \"\(path)\"", .invalidArgument)
        }
        self.hierarchies = hierarchies
        self.parts = Array(parts)
    }

    private func folder(in root: FilePath) -> FilePath {
        var path = root
        for part in parts { path.append(part) }
        return path
    }

    /// The group's folder in each tree.
    var folders: [FilePath] { hierarchies.roots.map(folder(in:)) }

    /// Its folder in a v1 controller's tree.
    func folder(of controller: String) -> FilePath? { hierarchies.controllers[controller].map(folder(in:)) }

    /// Its folder in the v2 tree.
    var unified: FilePath? { hierarchies.unified.map(folder(in:)) }

    // MARK: Life

    /// Makes the groups, also those above.
    package func make() throws {
        for root in hierarchies.roots {
            var path = root
            for part in parts {
                if hierarchies.unified != nil { enableControllers(below: path) }
                path.append(part)
                if mkdir(path.string, 0o755) != 0 && errno != EEXIST {
                    throw SystemError("make the control group \(path)", Errno(rawValue: errno))
                }
                if root == hierarchies.controllers["cpuset"] { try inheritProcessors(path) }
            }
        }
    }

    /// In v2 a group has the controllers that the one above gives to those below it. One that can't be given is not there:
    /// its numbers are then missing, which nobody but a reader of those minds.
    private func enableControllers(below path: FilePath) {
        let given = path.appending("cgroup.subtree_control")
        let have = Counters.text(given)?.split(whereSeparator: \.isWhitespace) ?? []
        let wanted = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"]
        for controller in wanted where !have.contains(Substring(controller)) {
            try? setControl(given, "+\(controller)")
        }
    }

    /// Takes the groups away, and whoever is still in them or in groups that were made below.
    ///
    /// Tries for ten seconds: a process that was killed is in its group until it is gone.
    package func remove() throws {
        // With v1 who stands still does not die either. Where there is no freezer nobody does.
        try? thaw()
        for folder in folders where exists(folder) {
            for attempt in 1... {
                do {
                    try Self.remove(folder)
                    break
                } catch let error as SystemError where error.errno == .resourceBusy && attempt < 1000 {
                    for pid in try Self.processes(below: folder) { kill(pid, SIGKILL) }
                    usleep(10_000)
                }
            }
        }
    }

    /// Takes away what another runtime made of the same path in trees that limit nothing; nobody is killed for it, who is in
    /// there was in ours, too.
    package func removeElsewhere() throws {
        for folder in hierarchies.others.map(folder(in:)) where exists(folder) { try Self.remove(folder) }
    }

    private static func remove(_ folder: FilePath) throws {
        if rmdir(folder.string) == 0 || errno == ENOENT { return }
        for below in try groups(below: folder) { try remove(below) }
        if rmdir(folder.string) != 0 && errno != ENOENT {
            throw SystemError("remove the control group \(folder)", Errno(rawValue: errno))
        }
    }

    private static func groups(below folder: FilePath) throws -> [FilePath] {
        try listFolder(folder).map { folder.appending($0) }.filter(isFolder)
    }

    // MARK: Processes

    /// All processes of the container, as this process's pid namespace numbers them.
    package func processes() throws -> Set<Int32> {
        guard let folder = unified ?? folder(of: "freezer") ?? folders.first, exists(folder) else { return [] }
        return Set(try Self.processes(below: folder))
    }

    private static func processes(below folder: FilePath) throws -> [Int32] {
        let text = String(decoding: try readFile(folder.appending("cgroup.procs"), limit: 1 << 22), as: UTF8.self)
        // 0 is a process of a pid namespace that this one does not see.
        let own = text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
        return try groups(below: folder).reduce(own) { try $0 + processes(below: $1) }
    }

    /// Moves a process, with all its threads, into the groups.
    package func add(_ pid: Int32) throws {
        for folder in folders { try setControl(folder.appending("cgroup.procs"), "\(pid)") }
    }
}

/// Writes a file of the kernel's.
func setControl(_ path: FilePath, _ value: String) throws {
    let file = OwnedDescriptor(try sys("open \(path)") { open(path.string, O_WRONLY | O_CLOEXEC) })
    try sys("write \(value) to \(path)") { write(file.rawValue, value, value.utf8.count) }
}
