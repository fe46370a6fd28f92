import Glibc
import Linux
import Synchronization
import SystemPackage
import Testing

private let quotaFolder = getenv("VARVE_CHECK_FOLDER").map { FilePath(platformString: $0) } ?? "/var/tmp"

private let hasProjectQuotas: Bool = {
    guard getenv("VARVE_NEEDS_QUOTAS") == nil, let folder = try? AtomicFolder(in: quotaFolder, prefix: "quota-") else {
        return true
    }
    defer { try? folder.cancel() }
    return (try? ProjectQuota(in: folder.path, node: folder.path.appending("node"))) != nil
}()

/// Limits on folders, on the file system of `VARVE_CHECK_FOLDER`; `VARVE_NEEDS_QUOTAS` says that there must be quotas.
@Suite(.serialized, .enabled(if: hasProjectQuotas, "no project quotas here"))
struct ProjectQuotaTests {
    private func withQuota(throughNode: Bool = false, _ body: (FilePath, ProjectQuota) throws -> Void) throws {
        let folder = try AtomicFolder(in: quotaFolder, prefix: "quota-")
        defer { try? folder.cancel() }
        let node = folder.path.appending("node")
        try body(folder.path, ProjectQuota(in: folder.path, node: node, throughNode: throughNode))
    }

    private func make(_ name: String, in folder: FilePath) throws -> FilePath {
        let path = folder.appending(name)
        try sys("make \(path)") { mkdir(path.string, 0o700) }
        return path
    }

    /// How much fits into a new file; nil where more fits than is tried.
    private func room(in folder: FilePath, most: Int = 8 << 20) throws -> Int? {
        let path = folder.appending("filler")
        let file = OwnedDescriptor(try sys("make \(path)") { open(path.string, O_CREAT | O_WRONLY, 0o600) })
        let bytes = [UInt8](repeating: 1, count: 16384)
        var done = 0
        while done < most {
            do { done += try sys("write") { write(file.rawValue, bytes, bytes.count) } } catch {
                #expect([.noSpace, .diskQuotaExceeded].contains(error.errno))
                return done
            }
        }
        return nil
    }

    /// ext4 lets those pass who may: Documentation/filesystems/quota.rst.
    private var passesLimits: Bool {
        let text = (try? readFile("/proc/thread-self/status", limit: 1 << 16)) ?? []
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let mask = line.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) } ?? 0
        return mask & 1 << 24 != 0
    }

    @Test("a folder may grow by its limit and no more, whatever was in it; others are not charged", arguments: [0, 4])
    func limits(_ before: Int) throws {
        try withQuota { folder, quota in
            let (one, other) = (try make("one", in: folder), try make("other", in: folder))
            try quota.begin(one)
            try writeFile([UInt8](repeating: 1, count: before << 20), to: one.appending("old"), mode: .ownerReadWrite)
            try quota.limit(one, growth: 2 << 20)
            if try FileSystemType(of: folder) == .ext, passesLimits {
                return print("skipped: who has CAP_SYS_RESOURCE passes all limits of ext4: drop it, as containers do")
            }
            let deep = try make("deep", in: one)
            let room = try #require(try room(in: deep))
            #expect((2 << 20) - 65536...2 << 20 ~= room)
            try #expect(self.room(in: other) == nil)
            try quota.end(one)
            try #expect(self.room(in: one) == nil)
        }
    }

    @Test("odd sizes are limits", arguments: [(1, 512), (513, 1024), (Int64.max, 1 << 60)])
    func sizes(_ bytes: Int64, _ least: UInt64) throws {
        try withQuota { folder, quota in
            let one = try make("one", in: folder)
            try quota.begin(one)
            try quota.limit(one, growth: bytes)
            let usage = try quota.usage(of: one)
            #expect(usage.limit >= usage.bytes + least - usage.bytes % 512)
            try quota.end(one)
            try #expect(quota.usage(of: one).limit == 0)
        }
    }

    @Test("a project that was given back is used again, by whoever comes next")
    func reuse() throws {
        try withQuota { folder, quota in
            let first = try make("first", in: folder)
            try quota.begin(first)
            let base = try quota.usage(of: first).project
            for round in 1...100 {
                let path = try make("\(round)", in: folder)
                try quota.begin(path)
                try quota.limit(path, growth: 1 << 20)
                try #expect(quota.usage(of: path).project == base + 1, "round \(round)")
                try quota.end(path)
                try removeTree(path)
                // xfs deletes files in the background: until then their project is in use.
                for _ in 0..<1000 where try quota.usage(of: first, project: base + 1).files > 0 { usleep(10_000) }
            }
            let next = try ProjectQuota(in: folder, node: folder.appending("node"))
            let second = try make("second", in: folder)
            try next.begin(second)
            try #expect(next.usage(of: second).project == base + 1)
            for project in base + 1...base + 60 {
                let usage = try quota.usage(of: first, project: project)
                #expect(usage.limit == 0)
                #expect(usage.files == (project == base + 1 ? 1 : 0))
            }
        }
    }

    @Test("two that count at once, with eight threads, never give one project twice")
    func unique() throws {
        try withQuota { folder, quota in
            let other = try ProjectQuota(in: folder, node: folder.appending("node"))
            let found = Mutex<[UInt32]>([])
            try inParallel(8, width: 8) { thread in
                for round in 0..<25 {
                    let path = try self.make("\(thread)-\(round)", in: folder)
                    try (thread.isMultiple(of: 2) ? quota : other).begin(path)
                    let usage = try quota.usage(of: path)
                    found.withLock { $0.append(usage.project) }
                }
            }
            #expect(Set(found.withLock { $0 }).count == 200)
        }
    }

    @Test("where a folder passes a project of its own on, those in it are counted above that")
    func nested() throws {
        try withQuota { folder, quota in
            #expect(quota.allowsRename)
            let home = try make("home", in: folder)
            try quota.begin(home)
            let inner = try ProjectQuota(in: home, node: folder.appending("node"))
            #expect(!inner.allowsRename)
            let one = try make("one", in: home)
            let project = try inner.usage(of: one).project
            try #expect(quota.usage(of: home).project == project)
            try inner.begin(one)
            try #expect(inner.usage(of: one).project > project)
            // What has the home's project has none of its own.
            let two = try make("two", in: home)
            try quota.limit(home, growth: 1 << 20)
            try inner.end(two)
            try #expect(quota.usage(of: home).limit > 0)
            try quota.end(home)
        }
    }

    @Test("through a device node, as for kernels before 5.14")
    func old() throws {
        try withQuota(throughNode: true) { folder, quota in
            let one = try make("one", in: folder)
            try quota.begin(one)
            try quota.limit(one, growth: 1 << 20)
            try #expect(quota.usage(of: one).limit > 0)
            var (status, node) = (stat(), stat())
            stat(folder.string, &status)
            lstat(folder.appending("node").string, &node)
            #expect(node.st_mode & 0o170777 == S_IFBLK | 0o600)
            #expect(node.st_rdev == status.st_dev)
            // One that is wrong is made again.
            let again = folder.appending("again")
            try writeFile([], to: again, mode: .ownerReadWrite)
            let next = try ProjectQuota(in: folder, node: again, throughNode: true)
            try #expect(next.usage(of: one).limit > 0)
            try quota.end(one)
        }
    }
}

@Suite struct ProjectQuotaMissingTests {
    @Test("where there are none, it is said why, and what to do")
    func missing() throws {
        let error = #expect(throws: ProjectQuotaMissing.self) {
            _ = try ProjectQuota(in: "/dev/shm", node: "/dev/shm/varve-no-such-node")
        }
        #expect(error?.reason == "the tmpfs of /dev/shm is mounted without project quotas")
        #expect(error?.remedy.contains("pquota") == true)
    }
}
