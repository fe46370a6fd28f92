import Archive
import BtrfsDriver
import CLinux
import DriverChecks
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

extension BtrfsTests {
    /// What the kernel says is what a comparison of the trees finds, whatever was done; and where it can't tell, it is
    /// compared.
    @Suite struct Changes {
        private func expectSame(_ driver: Btrfs, _ id: LayerID, since parent: LayerID, _ note: String) throws {
            let streamed = try #require(try driver.changesByStream(in: id, since: parent), "\(note): no stream")
            let compared = try driver.changesByComparison(in: id, since: parent)
            #expect(streamed == compared, "\(note)")
            #expect(try listFolder(driver.home.appending(".changes")).isEmpty, "\(note): a snapshot stayed")
        }

        @Test("after anything at all, in three layers on each other", arguments: 0..<250)
        func same(_ seed: UInt64) throws {
            try withDriver { driver in
                var numbers = Numbers(seed: seed)
                var below: LayerID?
                for (name, steps) in [("one", 120), ("two", 60), ("three", Int.random(in: 1...40, using: &numbers))] {
                    let id = try driver.make(name, on: below) { root in
                        var acts = RandomActs(root: root, numbers: numbers)
                        acts.act(steps)
                        numbers = acts.numbers
                    }
                    if let below { try expectSame(driver, id, since: below, "seed \(seed), layer \(name)") }
                    below = id
                }
                let (id, parent) = (try layer("three"), try layer("two"))
                let sizes = (try driver.size(of: id, since: parent), try driver.sizeByComparison(of: id, since: parent))
                #expect(sizes.0 == sizes.1, "seed \(seed)")
            }
        }

        /// A layer with some folders and files, and one on it that did `change`.
        private func afterwards(
            _ before: (FilePath) throws -> Void,
            _ change: (FilePath) throws -> Void,
            _ check: (Btrfs, _ id: LayerID, _ parent: LayerID) throws -> Void
        ) throws {
            try withDriver { driver in
                let parent = try driver.make("parent", before)
                let id = try driver.make("child", on: parent, change)
                try check(driver, id, parent)
            }
        }

        private func file(_ path: FilePath, _ text: String = "text") throws {
            try writeFile(Array(text.utf8), to: path, mode: .ownerReadWrite)
        }

        private func folders(_ path: FilePath) throws {
            try makeFolders(path, mode: FilePermissions(rawValue: 0o755))
        }

        @Test("folders that change places, twice")
        func exchanged() throws {
            try afterwards { root in
                for name in ["a/x", "b/y", "c"] { try folders(root.appending(name)) }
                for name in ["a/x/f", "b/y/f", "c/f"] { try file(root.appending(name)) }
            } _: { root in
                for (old, new) in [("a", "t"), ("b", "a"), ("t", "b"), ("b/x", "c/x"), ("a/y", "b/x")] {
                    try Linux.rename(root.appending(old), to: root.appending(new))
                }
            } _: {
                try expectSame($0, $1, since: $2, "exchanged")
            }
        }

        @Test("a folder turned inside out")
        func insideOut() throws {
            try afterwards { root in
                try folders(root.appending("a/b/c/d"))
                try file(root.appending("a/b/c/d/f"))
            } _: { root in
                for (old, new) in [("a/b/c", "c"), ("a/b", "c/b"), ("a", "c/b/a"), ("c/d", "c/b/a/d")] {
                    try Linux.rename(root.appending(old), to: root.appending(new))
                }
                try file(root.appending("c/b/a/d/f"), "other")
            } _: {
                try expectSame($0, $1, since: $2, "inside out")
            }
        }

        @Test("a file with three names is changed under all of them")
        func links() throws {
            try afterwards { root in
                try folders(root.appending("d"))
                try file(root.appending("f"))
                for name in ["g", "d/h"] { link(root.appending("f").string, root.appending(name).string) }
            } _: { root in
                try file(root.appending("g"), "longer than before")
            } _: { (driver: Btrfs, id: LayerID, parent: LayerID) throws in
                try expectSame(driver, id, since: parent, "links")
                #expect(try driver.changes(in: id, since: parent).count == 4)
            }
        }

        @Test("a changed file with more names than the kernel tells at once: the trees are compared")
        func manyLinks() throws {
            try afterwards { root in
                try file(root.appending("f"))
                for number in 0..<300 {
                    link(root.appending("f").string, root.appending("name-of-some-length-\(number)").string)
                }
            } _: { root in
                try file(root.appending("f"), "longer than before")
            } _: { (driver: Btrfs, id: LayerID, parent: LayerID) throws in
                #expect(try driver.changesByStream(in: id, since: parent) == nil)
                #expect(try driver.changes(in: id, since: parent).count == 301)
            }
        }

        @Test("a path longer than the kernel's 4 KiB: the trees are compared")
        func deep() throws {
            func down(_ root: FilePath, _ body: () -> Void) {
                let here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                defer { close(here) }
                chdir(root.string)
                body()
                fchdir(here)
            }
            let name = String(repeating: "n", count: 250)
            try afterwards { root in
                down(root) { for _ in 0..<20 where mkdir(name, 0o755) == 0 { chdir(name) } }
            } _: { root in
                down(root) {
                    for _ in 0..<20 { chdir(name) }
                    close(creat("f", 0o644))
                }
            } _: { (driver: Btrfs, id: LayerID, parent: LayerID) throws in
                #expect(throws: SystemError.self) { try driver.changesByStream(in: id, since: parent) }
                #expect(try driver.changes(in: id, since: parent).count == 21)
            }
        }

        @Test("subvolumes that a container made: the trees are compared")
        func nested() throws {
            try afterwards { root in
                try file(root.appending("f"))
            } _: { root in
                let folder = OwnedDescriptor(open(root.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
                try sys("make a subvolume") { linux_btrfs_create(folder.rawValue, "sub") }
                try file(root.appending("sub/f"))
            } _: { (driver: Btrfs, id: LayerID, parent: LayerID) throws in
                #expect(try driver.changesByStream(in: id, since: parent) == nil)
                let found = try driver.changes(in: id, since: parent)
                #expect(found == [Change("/sub", .added), Change("/sub/f", .added)])
                // In a snapshot of the layer it is an empty folder, which the next one deletes: no stream tells of that.
                let middle = try driver.make("middle", on: id)
                let last = try driver.make("last", on: middle) { rmdir($0.appending("sub").string) }
                try expectSame(driver, last, since: middle, "a subvolume's place")
                #expect(try driver.changes(in: last, since: middle) == [Change("/sub", .deleted)])
            }
        }

        @Test("another layer than the parent: the trees are compared")
        func unrelated() throws {
            try withDriver { driver in
                let one = try driver.make("one") { try file($0.appending("f")) }
                let other = try driver.make("other") { try file($0.appending("g")) }
                #expect(try driver.changesByStream(in: other, since: one) == nil)
                #expect(
                    try driver.changes(in: other, since: one) == [Change("/f", .deleted), Change("/g", .added)]
                )
            }
        }

        @Test("a kill at any step leaves no snapshot that the next start does not delete")
        func killed() throws {
            try withDriver { driver in
                let parent = try driver.make("parent") { try file($0.appending("f")) }
                let id = try driver.make("child", on: parent) { try file($0.appending("g")) }
                let wanted = try driver.changes(in: id, since: parent)
                for call in 1... {
                    let isKilled = try runKilled(beforeCall: call) { _ = try? driver.changes(in: id, since: parent) }
                    let again = try Btrfs(home: driver.home, options: DriverOptions())
                    #expect(try listFolder(driver.home.appending(".changes")).isEmpty, "after a kill before \(call)")
                    #expect(try again.changes(in: id, since: parent) == wanted)
                    if !isKilled {
                        #expect(call > 10)
                        return
                    }
                }
            }
        }

        @Test("a start leaves the snapshots alone that another thread still compares")
        func busy() throws {
            try withDriver { driver in
                let folder = driver.home.appending(".changes")
                let lock = OwnedDescriptor(open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
                try sys("lock \(folder)") { flock(lock.rawValue, LOCK_SH) }
                try sys("make a subvolume") { linux_btrfs_create(lock.rawValue, "busy") }
                _ = try Btrfs(home: driver.home, options: DriverOptions())
                #expect(try listFolder(folder) == ["busy"])
                try sys("unlock \(folder)") { flock(lock.rawValue, LOCK_UN) }
                _ = try Btrfs(home: driver.home, options: DriverOptions())
                #expect(try listFolder(folder).isEmpty)
            }
        }
    }
}
