import BtrfsDriver
import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

extension BtrfsTests {
    /// Docker's folders, and what a container can do to them.
    @Suite struct Layout {
        private func mode(_ path: FilePath) -> UInt32 {
            var status = stat()
            return lstat(path.string, &status) == 0 ? status.st_mode & 0o7777 : 0
        }

        private func subvolume(_ path: FilePath) throws {
            let folder = OwnedDescriptor(
                try sys("open the folder of \(path)") {
                    open(path.removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                }
            )
            let name = path.lastComponent?.string ?? ""
            try sys("make subvolume \(path)") { linux_btrfs_create(folder.rawValue, name) }
        }

        @Test("folders and modes are Docker's, whatever the umask")
        func modes() throws {
            try withDriver { driver in
                let before = umask(0o077)
                defer { umask(before) }
                let id = try driver.make("layer")
                #expect(mode(driver.home) == 0o710)
                #expect(mode(driver.home.appending("subvolumes")) == 0o710)
                #expect(mode(driver.home.appending("subvolumes").appending(id.description)) == 0o755)
                #expect(try driver.open(id) == .folder(driver.home.appending("subvolumes/layer")))
                #expect(driver.status.map(\.key) == ["Build Version", "Library Version"])
            }
        }

        @Test("subvolumes in a layer, also deep, sealed and behind links, go with it; what links lead to stays")
        func nested() throws {
            try withDriver { driver in
                let outside = driver.home.appending("outside")
                try makeFolders(outside, mode: FilePermissions(rawValue: 0o755))
                try writeFile([1], to: outside.appending("f"), mode: .ownerReadWrite)
                let id = try driver.make("layer") { root in
                    symlink(outside.string, root.appending("link").string)
                    try makeFolders(root.appending("d/e"), mode: FilePermissions(rawValue: 0o755))
                    for name in ["s", "d/e/s", "d/e/s/t", "d/e/s/t/u"] { try subvolume(root.appending(name)) }
                    symlink(outside.string, root.appending("d/e/s/t/u/link").string)
                    var path = root.appending("s")
                    for _ in 0..<40 {
                        path = path.appending("deeper")
                        try subvolume(path)
                    }
                    for name in ["d/e", "d/e/s/t/u"] {
                        let folder = OwnedDescriptor(open(root.appending(name).string, O_RDONLY | O_DIRECTORY))
                        try sys("make \(name) immutable") {
                            linux_set_file_flags(folder.rawValue, UInt32(LINUX_FILE_IMMUTABLE))
                        }
                    }
                    for name in ["d/e/s", "d/e/s/t", "s"] {
                        let folder = OwnedDescriptor(open(root.appending(name).string, O_RDONLY | O_DIRECTORY))
                        try sys("make \(name) read-only") { linux_btrfs_set_read_only(folder.rawValue, 1) }
                    }
                }
                try driver.remove(id)
                #expect(!driver.contains(id))
                #expect(try listFolder(driver.home.appending("subvolumes")).isEmpty)
                #expect(try readFile(outside.appending("f")) == [1])
            }
        }

        @Test("a subvolume whose path is longer than 4 KiB")
        func deep() throws {
            try withDriver { driver in
                let name = String(repeating: "n", count: 250)
                let id = try driver.make("layer") { root in
                    let here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                    defer { close(here) }
                    chdir(root.string)
                    for _ in 0..<20 where mkdir(name, 0o755) == 0 { chdir(name) }
                    let folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                    #expect(linux_btrfs_create(folder, "s") == 0)
                    close(folder)
                    fchdir(here)
                }
                try driver.remove(id)
                #expect(try listFolder(driver.home.appending("subvolumes")).isEmpty)
            }
        }

        @Test("a layer that was made read-only opens, gets children and goes")
        func readOnly() throws {
            try withDriver { driver in
                let id = try driver.make("layer") { try writeFile([1], to: $0.appending("f"), mode: .ownerReadWrite) }
                let folder = driver.home.appending("subvolumes/layer")
                let root = OwnedDescriptor(open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
                try sys("make \(folder) read-only") { linux_btrfs_set_read_only(root.rawValue, 1) }
                let child = try driver.make("child", on: id) { unlink($0.appending("f").string) }
                #expect(try driver.changes(in: child, since: id).count == 1)
                try driver.remove(child)
                try driver.remove(id)
                #expect(try listFolder(driver.home.appending("subvolumes")).isEmpty)
            }
        }

        @Test("a layer that was copied is no subvolume: opening says so, removing deletes it")
        func copied() throws {
            try withDriver { driver in
                try makeFolders(driver.home.appending("subvolumes/copy/d"), mode: FilePermissions(rawValue: 0o755))
                let id = try layer("copy")
                #expect(!driver.contains(id))
                #expect(throws: DriverError.self) { try driver.open(id) }
                try driver.remove(id)
                #expect(try listFolder(driver.home.appending("subvolumes")).isEmpty)
            }
        }

        @Test("a home that is not on btrfs is refused with the reason, and nothing is left there")
        func elsewhere() throws {
            let folder = try AtomicFolder(in: "/dev/shm", prefix: "varve-btrfs-")
            defer { try? folder.cancel() }
            let error = #expect(throws: DriverError.self) {
                try Btrfs(home: folder.path.appending("a/btrfs"), options: DriverOptions())
            }
            guard case .unsupported(_, let reason, let remedy) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("tmpfs") && remedy.contains("mkfs.btrfs"))
            #expect(try listFolder(folder.path).isEmpty)
        }
    }
}
