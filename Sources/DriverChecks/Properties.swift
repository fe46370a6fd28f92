import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// Modes, owners, times, attributes and flags, where a layer's are easily mixed up with its parent's.

extension Check {
    static let properties: [Check] =
        roots + [
            change(
                "a file or folder deleted and made again has none of the old one's attributes",
                before: { tree in
                    try tree.file("f", mode: 0o4755)
                    try tree.folder("d")
                    for name in ["f", "d"] {
                        try tree.owner(name, 12, 34)
                        try tree.attribute(name, "user.varve", [1])
                    }
                },
                { tree in
                    for name in ["f", "d"] { try tree.remove(name) }
                    try tree.file("f", "made again")
                    try tree.folder("d")
                    for name in ["f", "d"] {
                        try expect(try extendedAttribute("user.varve", at: tree.path(name)) == nil, "\(name) has it")
                        let status = try tree.status(name)
                        try expectEqual([status.st_uid, status.st_gid], [0, 0], "the owner of \(name)")
                    }
                },
                lists: ["C /d", "C /f"]
            ),
            change(
                "attributes that are changed or taken away are, of files and folders",
                before: { tree in
                    try sample(tree)
                    for name in ["f", "d", "d/f", "d/e"] { try tree.attribute(name, "user.varve", [1]) }
                },
                { tree in
                    for name in ["f", "d"] { try tree.attribute(name, "user.varve", [2, 3]) }
                    for name in ["d/f", "d/e"] { try tree.removeAttribute(name, "user.varve") }
                },
                lists: ["C /d", "C /d/e", "C /d/f", "C /f"]
            ),
            keeps("attributes of 3,000 bytes") { tree in
                try tree.file("f")
                try tree.attribute("f", "user.varve", (0..<3000).map { UInt8(truncatingIfNeeded: $0) })
            },
            keeps("access control lists that a folder gives to what is made in it") { tree in
                try tree.folder("d")
                try tree.file("d/before")
                try tree.folder("d/folder")
                let nobody: [UInt8] = [255, 255, 255, 255]
                func entry(_ tag: UInt8, _ rights: UInt8, _ id: [UInt8]) -> [UInt8] { [tag, 0, rights, 0] + id }
                // user::rwx user:1000:r-- group::r-x mask::r-x other::---: man 5 acl, linux/posix_acl_xattr.h.
                let owners = entry(1, 7, nobody) + entry(2, 4, [0xe8, 3, 0, 0]) + entry(4, 5, nobody)
                let value = [2, 0, 0, 0] + owners + entry(16, 5, nobody) + entry(32, 0, nobody)
                try tree.attribute("d", "system.posix_acl_default", value)
                // What is made from now on has one; what is there already, and may be unpacked later, has none.
                _ = try tree.open("d/after", O_WRONLY | O_CREAT, mode: 0o666)
            },
            Check("what is made in a parent's folder with setgid has the folder's group") { scene in
                let a = try scene.layer("a") { tree in
                    try tree.folder("d")
                    try tree.owner("d", 0, 77)
                    try tree.mode("d", 0o2775)
                }
                let b = try scene.layer("b", on: a) { tree in
                    try tree.file("d/f")
                    try sys("make a folder") { mkdir(tree.path("d/e").string, 0o755) }
                }
                let found = try scene.see(b) { tree in try ["d/f", "d/e"].map { try tree.status($0) } }
                try expectEqual(found.map(\.st_gid), [77, 77], "the groups")
                try expect(found[1].st_mode & S_ISGID != 0, "the new folder has no setgid")
            },
            Check("a folder gets a new time when a name in it comes or goes, not when a file in it is written") {
                scene in
                let a = try scene.layer("a") { tree in
                    for name in ["made", "deleted", "renamed", "written"] {
                        try tree.folder(name)
                        try tree.file("\(name)/f")
                    }
                    for name in ["made", "deleted", "renamed", "written"] {
                        try tree.time(name, seconds: 1_234_567_890, nanoseconds: 5)
                    }
                }
                let b = try scene.layer("b", on: a) { tree in
                    try tree.file("made/g")
                    try tree.remove("deleted/f")
                    try tree.rename("renamed/f", to: "renamed/g")
                    try tree.append("written/f", "new")
                    try tree.mode("written/f", 0o600)
                }
                for name in ["made", "deleted", "renamed", "written"] {
                    let time = try scene.see(b) { try $0.status(name).st_mtim }
                    let isOld = time.tv_sec == 1_234_567_890 && time.tv_nsec == 5
                    try expectEqual(isOld, name == "written", "whether the folder '\(name)' has its old time")
                }
            },
            flagged("immutable", LINUX_FILE_IMMUTABLE),
            flagged("append-only", LINUX_FILE_APPEND),
        ]

    private static let roots: [Check] = [
        Check("a new layer's root is a folder of root's that all may enter, whatever the umask") { scene in
            let id = try scene.id("a")
            // In a process of its own: the umask is one for all threads.
            _ = try runKilled(beforeCall: Int.max) {
                umask(0o077)
                try? scene.driver.create(id, parent: nil, options: LayerOptions(isWritable: true))
            }
            let driver = try scene.reopened()
            defer { try? driver.release() }
            let status = try driver.withTree(of: id) { try Tree(root: $0).status(".") }
            try expectEqual(String(status.st_mode & 0o7777, radix: 8), "755", "the mode")
            try expectEqual([status.st_uid, status.st_gid], [0, 0], "the owner")
        },
        Check("the root's own mode, owner and attributes stay when they are changed") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a, changeRoot)
            try scene.see(b, expectChangedRoot)
        },
        Check("a child's root has its parent's mode, owner and attributes") { scene in
            let a = try scene.layer("a", changeRoot)
            let b = try scene.layer("b", on: a)
            try scene.see(b, expectChangedRoot)
            let c = try scene.layer("c", on: b) { try $0.file("f") }
            try scene.see(c, expectChangedRoot)
        },
    ]

    private static let changeRoot: @Sendable (Tree) throws -> Void = { tree in
        try tree.owner(".", 12, 34)
        try tree.mode(".", 0o1770)
        try tree.attribute(".", "user.varve", [1])
    }

    private static let expectChangedRoot: @Sendable (Tree) throws -> Void = { tree in
        let status = try tree.status(".")
        try expectEqual(String(status.st_mode & 0o7777, radix: 8), "1770", "the root's mode")
        try expectEqual([status.st_uid, status.st_gid], [12, 34], "the root's owner")
        try expectEqual(try extendedAttribute("user.varve", at: tree.path(".")), [1], "the root's attribute")
    }

    private static func flagged(_ what: String, _ flag: Int) -> Check {
        Check("a layer with \(what) files and folders has children, and is removed, with nothing left") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let before = try scene.leftovers()
            defer { clearFlags(below: scene.home) }
            let b = try scene.layer("b", on: a) { tree in
                try tree.folder("d")
                for name in ["d/own", "d/other"] { try tree.file(name) }
                for name in ["f", "d/own", "d", "."] { try set(flag, tree, name) }
            }
            let c = try scene.layer("c", on: b)
            try expectEqual(try scene.see(c) { try $0.text("d/own") }, "content", "the file in a child")
            _ = try scene.apply(try scene.tar(of: b, since: a), as: "d", on: a)
            for id in [try scene.id("d"), c, b] { try scene.driver.remove(id) }
            try expectEqual(try scene.leftovers(), before, "files in the home")
        }
    }

    /// Whatever became of the check, its folder can be deleted.
    private static func clearFlags(below home: FilePath) {
        try? walkTree(home) { entry in
            guard entry.isFolder || entry.status.st_mode & S_IFMT == S_IFREG else { return }
            let (folder, how) = (entry.folder, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            let file = OwnedDescriptor(try sys("open") { entry.name.withCString { openat(folder, $0, how) } })
            var flags: UInt32 = 0
            guard linux_get_file_flags(file.rawValue, &flags) == 0 else { return }
            _ = linux_set_file_flags(file.rawValue, flags & ~UInt32(LINUX_FILE_IMMUTABLE | LINUX_FILE_APPEND))
        }
    }

    private static func set(_ flag: Int, _ tree: Tree, _ name: String) throws {
        let file = try tree.open(name, O_RDONLY)
        var flags: UInt32 = 0
        do {
            try sys("read flags of \(name)") { linux_get_file_flags(file.rawValue, &flags) }
            try sys("set flags of \(name)") { linux_set_file_flags(file.rawValue, flags | UInt32(flag)) }
        } catch {
            guard
                [.notSupported, .invalidArgument, .notPermitted].contains(error.errno) || error.errno.rawValue == ENOTTY
            else { throw error }
            throw Skipped(description: "these files can't be made immutable or append-only here: \(error.errno)")
        }
    }
}
