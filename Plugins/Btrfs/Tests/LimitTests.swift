import BtrfsDriver
import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

extension BtrfsTests {
    /// Limits, on disks of their own: quotas are on or off for a whole file system.
    @Suite struct Limit {
        static let ways = ["classic", "simple"]

        private func options(_ size: String, isWritable: Bool = true) -> LayerOptions {
            LayerOptions(isWritable: isWritable, storage: ["size": size])
        }

        /// Writes until there is no more room; the bytes that fit.
        private func fill(_ folder: FilePath, upTo most: Int) throws -> Int {
            let path = folder.appending("filler")
            let file = try create(path)
            let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var sum = 0
            while sum < most {
                do { sum += try sys("write") { write(file.rawValue, block, block.count) } } catch {
                    #expect(error.errno == Errno(rawValue: EDQUOT))
                    break
                }
            }
            return sum
        }

        /// What was deleted just now may be given back later, by a thread of the kernel's that had it open to write it out.
        private func create(_ path: FilePath) throws -> OwnedDescriptor {
            var left = 600
            while true {
                do throws(SystemError) {
                    return OwnedDescriptor(
                        try sys("create \(path)") { open(path.string, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
                    )
                } catch {
                    guard error.errno == Errno(rawValue: EDQUOT), left > 0 else { throw error }
                    left -= 1
                    usleep(50_000)
                    try syncFileSystem(of: path.removingLastComponent())
                }
            }
        }

        private func quota(_ disk: Disk) throws -> CInt {
            let folder = OwnedDescriptor(open(disk.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            return try sys("look at the quotas") { linux_btrfs_quota(folder.rawValue) }
        }

        private func setQuota(_ disk: Disk, _ mode: Int) throws {
            let folder = OwnedDescriptor(open(disk.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            try sys("set quotas") { linux_btrfs_set_quota(folder.rawValue, CInt(mode)) }
            if mode == Int(LINUX_BTRFS_QUOTA_CLASSIC) {
                try sys("wait") { linux_btrfs_wait_for_quota(folder.rawValue) }
            }
        }

        /// The quota groups there are.
        private func groups(_ disk: Disk) throws -> [UInt64] {
            let folder = OwnedDescriptor(open(disk.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            var found: [UInt64] = []
            var (group, flags) = (UInt64(0), UInt64(0))
            while linux_btrfs_next_limit(folder.rawValue, &group, &flags) == 0 { found.append(group) }
            return found
        }

        /// Whether this kernel has simple quotas (6.7).
        private func hasSimple(_ disk: Disk) throws -> Bool {
            do { try setQuota(disk, Int(LINUX_BTRFS_QUOTA_SIMPLE)) } catch let error as SystemError
                where error.errno == .invalidArgument
            { return false }
            try setQuota(disk, Int(LINUX_BTRFS_QUOTA_OFF))
            return true
        }

        @Test("a limit counts what the container wrote, not its image, and is lifted with it", arguments: ways)
        func counts(_ way: String) throws {
            let disk = try Disk()
            if way == "simple", try !hasSimple(disk) { return }
            let driver = try disk.driver([("btrfs.quota", way)])
            let image = try driver.make("image") { _ = try fill($0, upTo: 30 << 20) }
            let id = try layer("container")
            try driver.create(id, parent: image, options: options("10M"))
            let wanted = way == "simple" ? LINUX_BTRFS_QUOTA_SIMPLE : LINUX_BTRFS_QUOTA_CLASSIC
            #expect(try quota(disk) == CInt(wanted))
            #expect(try readFile(disk.home.appending("quotas/container")) == Array("10485760".utf8))
            for _ in 0..<2 {
                try driver.withTree(of: id) { tree in
                    unlink(tree.appending("filler").string)  // the image's the first time, its own the second
                    let own = tree.appending("own")
                    try makeFolders(own, mode: FilePermissions(rawValue: 0o755))
                    unlink(own.appending("filler").string)
                    try syncFileSystem(of: tree)
                    let sum = try fill(own, upTo: 30 << 20)
                    #expect((8 << 20...10 << 20).contains(sum), "\(sum) bytes fit")
                }
            }
            #expect(try driver.changes(in: id, since: image).count == 3)
            try driver.remove(id)
            #expect(try quota(disk) == CInt(LINUX_BTRFS_QUOTA_OFF))
            #expect(try listFolder(disk.home.appending("quotas")).isEmpty)
            #expect(!exists(disk.home.appending(".quota-on")))
        }

        @Test("a limit that somebody wrote by hand holds when the container is opened")
        func byHand() throws {
            let disk = try Disk()
            let driver = try disk.driver()
            let id = try layer("container")
            try driver.create(id, parent: nil, options: options("4M"))
            let file = disk.home.appending("quotas/container")
            try writeFile(Array("12582912\n".utf8), to: file, mode: .ownerReadWrite)
            let sum = try driver.withTree(of: id) { try fill($0, upTo: 30 << 20) }
            #expect((10 << 20...12 << 20).contains(sum), "\(sum) bytes fit")
            try writeFile(Array("1 2\n".utf8), to: file, mode: .ownerReadWrite)
            #expect(throws: DriverError.self) { try driver.open(id) }
        }

        @Test("a full container can be opened and delete, and has room again")
        func deletes() throws {
            let disk = try Disk()
            let driver = try disk.driver()
            let id = try layer("container")
            try driver.create(id, parent: nil, options: options("4M"))
            try driver.withTree(of: id) { tree in
                _ = try fill(tree, upTo: 30 << 20)
                try syncFileSystem(of: tree)
            }
            #expect(try driver.changes(in: id, since: nil).count == 1)
            try driver.withTree(of: id) { tree in
                let path = tree.appending("filler")
                try sys("delete \(path)") { unlink(path.string) }
                try syncFileSystem(of: tree)
                #expect(try fill(tree, upTo: 1 << 20) == 1 << 20)
            }
        }

        @Test("quotas that were on stay on, and keep no group of a removed layer", arguments: ways)
        func kept(_ way: String) throws {
            // Each second, not each half minute, the kernel looks what there is to do.
            let disk = try Disk(options: ["commit=1"])
            if way == "simple", try !hasSimple(disk) { return }
            try setQuota(disk, Int(way == "simple" ? LINUX_BTRFS_QUOTA_SIMPLE : LINUX_BTRFS_QUOTA_CLASSIC))
            let driver = try disk.driver()
            let before = try groups(disk)
            let image = try driver.make("image") { try writeFile([1], to: $0.appending("f"), mode: .ownerReadWrite) }
            for number in 0..<3 {
                let id = try layer("container-\(number)")
                try driver.create(id, parent: image, options: options("10M"))
                try driver.withTree(of: id) { tree in
                    try writeFile([2], to: tree.appending("g"), mode: .ownerReadWrite)
                    let folder = OwnedDescriptor(open(tree.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
                    try sys("make a subvolume") { linux_btrfs_create(folder.rawValue, "nested") }
                }
                #expect(try driver.changes(in: id, since: image).count == 2)
                try driver.remove(id)
            }
            try driver.remove(image)
            #expect(try quota(disk) != CInt(LINUX_BTRFS_QUOTA_OFF))
            #expect(!exists(disk.home.appending(".quota-on")))
            // The kernel takes its time to delete what is in a subvolume.
            for _ in 0..<60 where try groups(disk) != before {
                try syncFileSystem(of: disk.path)
                sleep(1)
                try driver.release()
            }
            #expect(try groups(disk) == before)
        }

        @Test("quotas that somebody else uses by now are left on")
        func shared() throws {
            let disk = try Disk()
            let driver = try disk.driver()
            let id = try layer("container")
            try driver.create(id, parent: nil, options: options("10M"))
            let folder = OwnedDescriptor(open(disk.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            try sys("make a subvolume") { linux_btrfs_create(folder.rawValue, "other") }
            let path = disk.path.appending("other")
            let other = OwnedDescriptor(open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            var found = linux_btrfs_subvolume()
            try sys("look at \(path)") { linux_btrfs_describe(other.rawValue, &found) }
            try sys("limit \(path)") { linux_btrfs_limit(folder.rawValue, found.id, 1 << 30) }
            try driver.remove(id)
            #expect(try quota(disk) != CInt(LINUX_BTRFS_QUOTA_OFF))
            try sys("unlimit \(path)") { linux_btrfs_limit(folder.rawValue, found.id, 0) }
            _ = try disk.driver()
            #expect(try quota(disk) == CInt(LINUX_BTRFS_QUOTA_OFF))
        }

        @Test("a limit that another engine switched off is there again when the layer is opened")
        func again() throws {
            let disk = try Disk()
            let driver = try disk.driver()
            let id = try layer("container")
            try driver.create(id, parent: nil, options: options("4M", isWritable: false))
            try setQuota(disk, Int(LINUX_BTRFS_QUOTA_OFF))
            try driver.withTree(of: id) { (tree: FilePath) throws in #expect(try fill(tree, upTo: 30 << 20) < 5 << 20) }
        }

        @Test("a child without a limit does not inherit its parent's")
        func inherited() throws {
            let disk = try Disk()
            let driver = try disk.driver()
            let id = try layer("container")
            try driver.create(id, parent: nil, options: options("4M"))
            try driver.make("child", on: id) { (tree: FilePath) throws in
                #expect(try fill(tree, upTo: 8 << 20) == 8 << 20)
            }
        }

        @Test("a comparison lifts no classic limit")
        func compared() throws {
            let disk = try Disk()
            let driver = try disk.driver()
            let (parent, id) = (try driver.make("parent"), try layer("container"))
            try driver.create(id, parent: parent, options: options("4M"))
            #expect(try driver.changesByStream(in: id, since: parent) == nil)
            #expect(try driver.changes(in: id, since: parent).isEmpty)
        }

        @Test(
            "a size that makes no sense is refused, and leaves nothing",
            arguments: ["0", "-1", "", "much", "1k", "200k", "4M", "1e3"]
        )
        func refused(_ size: String) throws {
            try withDriver { usual in
                let driver = try Btrfs(
                    home: usual.home,
                    options: DriverOptions([(key: "btrfs.min_space", value: "5M")])
                )
                let id = try layer("container")
                let before = try listFolder(usual.home)
                let error = #expect(throws: DriverError.self) {
                    try driver.create(id, parent: nil, options: options(size))
                }
                if case .invalidOption = error {} else { Issue.record("\(String(describing: error))") }
                #expect(!driver.contains(id))
                #expect(try listFolder(usual.home) == before)
            }
        }

        @Test("options are Docker's, and one for how quotas are switched on")
        func options() throws {
            try withDriver { driver in
                for (key, value) in [("btrfs.min_space", "x"), ("btrfs.quota", "fast"), ("btrfs.none", "1")] {
                    #expect(throws: DriverError.self) {
                        try Btrfs(home: driver.home, options: DriverOptions([(key: key, value: value)]))
                    }
                }
                _ = try Btrfs(home: driver.home, options: DriverOptions([(key: "BTRFS.min_space", value: "1G")]))
            }
        }

        @Test(
            "a kill at any step of a limited layer's life is mended by the next start",
            arguments: ["make", "remove"]
        )
        func killed(_ step: String) throws {
            let disk = try Disk()
            var driver = try disk.driver()
            let (parent, id) = (try driver.make("parent"), try layer("container"))
            try driver.create(id, parent: parent, options: options("4M"))
            try driver.remove(id)
            let before = try listFolder(disk.home)
            for call in 1... {
                if step == "remove" { try driver.create(id, parent: parent, options: options("4M")) }
                let isKilled = try runKilled(beforeCall: call) {
                    switch step {
                    case "remove": try? driver.remove(id)
                    default: try? driver.create(id, parent: parent, options: options("4M"))
                    }
                }
                driver = try disk.driver()
                if driver.contains(id) { _ = try driver.open(id) }
                try driver.remove(id)
                #expect(try quota(disk) == CInt(LINUX_BTRFS_QUOTA_OFF), "after a kill before call \(call)")
                #expect(try listFolder(disk.home) == before, "after a kill before call \(call)")
                #expect(try listFolder(disk.home.appending("quotas")).isEmpty)
                if !isKilled {
                    #expect(call > 5)
                    return
                }
            }
        }
    }
}
