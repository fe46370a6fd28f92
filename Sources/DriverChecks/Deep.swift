import CLinux
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

// Trees deeper than a path is long, which any program can make (`mkdir d; cd d`, again and again) and no layer can hold.

extension Check {
    static let deep: [Check] = [
        Check("a tree too deep for any path opens, closes and goes; its changes are told whole, or refused") { scene in
            let a = try scene.layer("a") { tree in
                try tree.file("f")
                try tree.file("g")
            }
            let before = try scene.leftovers()
            var count = 0
            let b = try scene.layer("b", on: a) { tree in
                count = try tree.deepen(by: 5000)
                try tree.remove("f")
            }
            // As `commit` does, on a thread of its own.
            let told = Mutex<Int?>(nil)
            let thread = try OSThread {
                guard let tar = try? scene.tar(of: b, since: a) else { return }
                told.withLock { $0 = (try? members(tar).count) ?? -1 }
            }
            thread.join()
            if let members = told.withLock({ $0 }) {
                try expectEqual(members, count + 1, "the number of members of its tar")
            }
            _ = try? scene.driver.size(of: b, since: a)
            if let changes = try? scene.driver.changes(in: b, since: a) {
                try expectEqual(changes.count, count + 1, "the number of changes")
            }
            try expectEqual(try scene.see(b) { [$0.has("f"), $0.has("g")] }, [false, true], "the other files")
            _ = try? scene.layer("child", on: b)
            try scene.driver.remove(scene.id("child"))
            try scene.driver.remove(b)
            try expectEqual(try scene.leftovers(), before, "files in the home")
        }
    ]
}

extension Tree {
    /// Makes folders within each other, `count` of them or as many as the file system can.
    ///
    /// - Returns: how many.
    fileprivate func deepen(by count: Int) throws -> Int {
        var folder = try open(".", O_RDONLY | O_DIRECTORY)
        for number in 0..<count {
            do throws(SystemError) {
                try sys("make a folder") { mkdirat(folder.rawValue, "d", 0o755) }
                let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
                folder = OwnedDescriptor(try sys("open the folder") { openat(folder.rawValue, "d", flags) })
            } catch {
                // fuse-overlayfs takes whole paths.
                guard error.errno == .fileNameTooLong else { throw error }
                return number
            }
        }
        return count
    }
}
