import CLinux
import Glibc
import Synchronization
public import SystemPackage

/// Limits on what single folders of one file system may take, by project quotas: xfs's, and those of ext4 and others, which
/// the kernel serves through the same calls.
///
/// A folder gets a project of its own, and with it all that is made in it. Which projects are in use is asked of the
/// kernel: one without a file and without a limit is nobody's. So nothing is written down or read again at start, the
/// projects of other programs are seen, and one that was given back is used again.
public final class ProjectQuota: Sendable {
    /// The project of the home, where its folders are; 0 is none.
    private let base: UInt32
    /// Whether folders with a project can be renamed into the home.
    ///
    /// Not where the home passes a project of its own on: then nothing of another project may come in.
    public let allowsRename: Bool
    /// The limit that projects without one of their own show: what project 0 has is the default on xfs.
    private let defaultLimit: UInt64
    /// For kernels before 5.14.
    private let node: FilePath?
    private let numbers: Mutex<Numbers>

    /// Where to look for a free project first; the kernel has the last word.
    private struct Numbers {
        var next: UInt32
        var returned: [UInt32] = []
    }

    /// Finds out whether folders in `home` can be limited.
    ///
    /// On a kernel before 5.14 that takes a device node, `node`, made where it is missing. With `throughNode` on any.
    public init(in home: FilePath, node: FilePath, throughNode: Bool = false) throws(ProjectQuotaMissing) {
        let state: CInt
        do throws(SystemError) {
            let folder = try Self.open(home)
            let isOld = throughNode || linux_has_quotactl_fd() == 0
            if isOld { try Self.make(node, like: folder.rawValue) }
            self.node = isOld ? node : nil
            let name = self.node?.string
            state = try sys("ask for project quotas") { linux_project_quotas(folder.rawValue, name) }
            var (project, inherits): (UInt32, CInt) = (0, 0)
            try sys("read the project of \(home)") { linux_get_project(folder.rawValue, &project, &inherits) }
            try sys("set a limit") { linux_may_limit_projects(folder.rawValue, name, project) }
            var root = linux_project()
            try sys("read the default limit") { linux_read_project(folder.rawValue, name, 0, &root) }
            (base, allowsRename, defaultLimit) = (project, inherits == 0, root.limit)
        } catch {
            throw ProjectQuotaMissing(error, at: home)
        }
        guard state == 2 else { throw ProjectQuotaMissing(countingOnly: home) }
        let (first, isPast) = base.addingReportingOverflow(Self.gap)
        numbers = Mutex(Numbers(next: isPast ? base : first))
    }

    /// How far above the home's own project ours begin: dockerd counts from there without asking the kernel, and
    /// people give out small numbers.
    private static let gap: UInt32 = 1 << 20

    /// Gives the empty `folder` a project of its own; what is made in it from now on counts.
    public func begin(_ folder: FilePath) throws(SystemError) {
        let file = try Self.open(folder)
        try numbers.withLock { numbers throws(SystemError) in
            for _ in 0..<min(numbers.returned.count, 8) {
                let project = numbers.returned.removeFirst()
                if try take(project, for: file.rawValue, folder) { return }
                numbers.returned.append(project)  // its files are perhaps still being deleted
            }
            while numbers.next < UInt32.max - 1 {
                numbers.next += 1
                if try take(numbers.next, for: file.rawValue, folder) { return }
            }
            throw SystemError("find a free project for \(folder)", .noSpace)
        }
    }

    /// Lets what is in `folder` grow by `bytes`, and no more.
    public func limit(_ folder: FilePath, growth bytes: Int64) throws(SystemError) {
        let file = try Self.open(folder)
        let project = try project(of: file.rawValue, folder)
        let used = try usage(of: project, file.rawValue)
        // A limit of nothing would be none.
        let blocks = used.blocks + max(1, (UInt64(max(0, bytes)) + 511) / 512)
        // Beyond what ext4 can hold there is nothing to limit.
        let most = UInt64(Int64.max) / 1024
        try sys("limit \(folder) to \(bytes) bytes") {
            linux_limit_project(file.rawValue, node?.string, project, min(blocks, most))
        }
    }

    /// Takes the limit off `folder`, which is deleted next; its project is free when the last file is gone.
    public func end(_ folder: FilePath) throws(SystemError) {
        let file = try Self.open(folder)
        let project = try project(of: file.rawValue, folder)
        if project == 0 || project == base { return }
        do throws(SystemError) {
            try sys("take the limit off \(folder)") { linux_limit_project(file.rawValue, node?.string, project, 0) }
        } catch {
            // Somebody turned the quotas off meanwhile: there is no limit any more.
            guard [.noSuchProcess, .noFunction].contains(error.errno) else { throw error }
        }
        numbers.withLock { numbers in
            if !numbers.returned.contains(project) { numbers.returned.append(project) }
        }
    }

    /// Takes a project that nobody has; false where somebody does.
    private func take(_ project: UInt32, for file: CInt, _ folder: FilePath) throws(SystemError) -> Bool {
        let found = try usage(of: project, file)
        guard found.files == 0, found.blocks == 0, found.limit == 0 || found.limit == defaultLimit else { return false }
        try sys("give \(folder) a project") { linux_set_project(file, project) }
        // Another daemon may have found the same one free: then both see two files, and both go on.
        if try usage(of: project, file).files == 1 { return true }
        try sys("take the project off \(folder)") { linux_set_project(file, base) }
        return false
    }
}

extension ProjectQuota {
    /// How much a folder may grow.
    public struct Limit: Sendable {
        private let quota: ProjectQuota
        private let bytes: Int64
        /// As `ProjectQuota.allowsRename`.
        public var allowsRename: Bool { quota.allowsRename }

        /// A limit of so many bytes.
        public init(_ bytes: Int64, by quota: ProjectQuota) {
            self.quota = quota
            self.bytes = bytes
        }

        /// Begins to count, in the empty `folder`.
        public func begin(_ folder: FilePath) throws(SystemError) { try quota.begin(folder) }

        /// Lets what is in `folder` now grow by the limit, and no more.
        public func set(_ folder: FilePath) throws(SystemError) { try quota.limit(folder, growth: bytes) }
    }

    /// What a folder's project takes and may take, in bytes; a limit of 0 is none.
    package struct Usage: Equatable {
        package let project: UInt32
        package let bytes: UInt64
        package let files: UInt64
        package let limit: UInt64
    }

    /// For tests: what the project of `folder`, or another on its file system, takes.
    package func usage(of folder: FilePath, project other: UInt32? = nil) throws(SystemError) -> Usage {
        let file = try Self.open(folder)
        let project = if let other { other } else { try project(of: file.rawValue, folder) }
        let found = try usage(of: project, file.rawValue)
        return Usage(project: project, bytes: found.blocks * 512, files: found.files, limit: found.limit * 512)
    }

    private func project(of file: CInt, _ folder: FilePath) throws(SystemError) -> UInt32 {
        var (project, inherits): (UInt32, CInt) = (0, 0)
        try sys("read the project of \(folder)") { linux_get_project(file, &project, &inherits) }
        return project
    }

    private func usage(of project: UInt32, _ file: CInt) throws(SystemError) -> linux_project {
        var found = linux_project()
        try sys("read what project \(project) takes") {
            linux_read_project(file, node?.string, project, &found)
        }
        return found
    }

    private static func open(_ folder: FilePath) throws(SystemError) -> OwnedDescriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return OwnedDescriptor(try sys("open \(folder)") { Glibc.open(folder.string, flags) })
    }

    /// Makes the block device node by which kernels before 5.14 are told which file system is meant: that of `folder`.
    private static func make(_ node: FilePath, like folder: CInt) throws(SystemError) {
        var (wanted, found) = (stat(), stat())
        try sys("look at the home") { fstat(folder, &wanted) }
        if lstat(node.string, &found) == 0 {
            if found.st_mode & S_IFMT == S_IFBLK, found.st_rdev == wanted.st_dev { return }
            try sys("remove \(node)") { unlink(node.string) }  // the disk had another number then
        }
        try sys("make the device node \(node)") { mknod(node.string, S_IFBLK | 0o600, wanted.st_dev) }
    }
}
