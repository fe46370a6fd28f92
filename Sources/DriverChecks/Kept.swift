import Glibc
import GraphDrivers
import Linux
import SystemPackage

// What files can be, and that they still are after every way a layer takes: seen from a child, and packed into a tar and
// unpacked as another layer.

extension Check {
    static func keeps(_ what: String, _ fill: @escaping @Sendable (Tree) throws -> Void) -> Check {
        Check("\(what): kept in a child, and through diff and apply") { scene in
            let a = try scene.layer("a") { try $0.file("below") }
            let b = try scene.layer("b", on: a, fill)
            let record = try scene.record(b)
            let child = try scene.layer("child", on: b)
            try expectSame(try scene.record(child), record, "a child")
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            try expectSame(try scene.record(c), record, "the layer made from the tar")
            // The same in a layer without parent, which many drivers keep differently.
            let base = try scene.layer("base", fill)
            let whole = try scene.apply(try scene.tar(of: base, since: nil), as: "copy", on: nil).id
            let wanted = try scene.record(base)
            try expectSame(try scene.record(whole), wanted, "a first layer made from the tar")
        }
    }

    static let kept: [Check] = [
        keeps("empty files and folders") { tree in
            try tree.file("f", "")
            try tree.folder("d")
        },
        keeps("hard links within a layer") { tree in
            try tree.folder("d")
            try tree.file("f")
            try tree.hardLink("d/g", to: "f")
            try tree.hardLink("h", to: "f")
        },
        Check("a hard link to a parent's file has its content, and the parent keeps its own") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a) { try $0.hardLink("g", to: "f") }
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            try scene.see(c) {
                try expectEqual([try $0.text("f"), try $0.text("g")], ["content", "content"], "files")
            }
            try expectEqual(try scene.see(a) { $0.has("g") }, false, "the link in the parent")
        },
        keeps("symbolic links, dangling, absolute and leading out") { tree in
            try tree.file("f")
            try tree.link("near", to: "f")
            try tree.link("dangling", to: "no/such/file")
            try tree.link("absolute", to: "/etc/passwd")
            try tree.link("out", to: "../../../../etc")
            try tree.link("long", to: String(repeating: "x/", count: 400))
        },
        keeps("character and block devices") { tree in
            try tree.node("null", S_IFCHR, major: 1, minor: 3)
            try tree.node("disk", S_IFBLK, major: 259, minor: 70_000)
        },
        keeps("fifos") { try $0.node("fifo", S_IFIFO) },
        Check("sockets: kept in a child; a tar has none") { scene in
            let a = try scene.layer("a")
            let b = try scene.layer("b", on: a) { tree in
                try tree.node("socket", S_IFSOCK)
                try tree.file("f")
            }
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            try expectEqual(try scene.see(c) { $0.has("f") }, true, "the file beside the socket")
            let child = try scene.layer("child", on: b)
            try expectEqual(try scene.see(child) { $0.has("socket") }, true, "the socket in a child")
        },
        keeps("setuid, setgid and sticky bits") { tree in
            try tree.file("su", mode: 0o4755)
            try tree.file("sg", mode: 0o2755)
            try tree.folder("tmp", mode: 0o1777)
            try tree.folder("group", mode: 0o2775)
        },
        keeps("modes from 000 to 777") { tree in
            for mode in [0o000, 0o111, 0o444, 0o600, 0o777] as [UInt32] { try tree.file("f\(mode)", mode: mode) }
        },
        keeps("owners, also those above 65535") { tree in
            try tree.file("f")
            try tree.folder("d")
            try tree.link("l", to: "f")
            try tree.owner("f", 1000, 2000)
            try tree.owner("d", 70_000, 3_000_000_000)
            try tree.owner("l", 5, 6)
        },
        keeps("times to the nanosecond, also after 2038") { tree in
            try tree.file("f")
            try tree.time("f", seconds: 1_234_567_890, nanoseconds: 123_456_789)
            try tree.file("late")
            try tree.time("late", seconds: 4_000_000_000, nanoseconds: 1)
            try tree.link("l", to: "f")
            try tree.time("l", seconds: 1_000_000_000, nanoseconds: 999_999_999)
        },
        keeps("times before 1970, to the nanosecond") { tree in
            for (name, seconds, nanoseconds) in [("f", -1, 0), ("g", -2, 1), ("h", -1_234_567_890, 999_999_999)] {
                try tree.file(name)
                try tree.time(name, seconds: seconds, nanoseconds: nanoseconds)
            }
        },
        keeps("times of folders") { tree in
            try tree.folder("d")
            try tree.file("d/f")
            try tree.time("d", seconds: 1_234_567_890, nanoseconds: 123_456_789)
        },
        keeps("user attributes, binary and empty") { tree in
            try tree.file("f")
            try tree.attribute("f", "user.varve", [0, 1, 255, 10, 61])
            try tree.attribute("f", "user.empty", [])
            try tree.folder("d")
            try tree.attribute("d", "user.varve", Array("folder".utf8))
        },
        keeps("file capabilities") { tree in
            try tree.file("ping", mode: 0o755)
            // cap_net_raw=ep, revision 2: man 7 capabilities.
            let value: [UInt8] = [1, 0, 0, 2, 0, 32, 0, 0] + [UInt8](repeating: 0, count: 12)
            try tree.attribute("ping", "security.capability", value)
        },
        keeps("access control lists") { tree in
            try tree.file("f", mode: 0o664)
            // user::rw- user:1000:rw- group::r-- mask::rw- other::r--: man 5 acl, linux/posix_acl_xattr.h.
            func entry(_ tag: UInt8, _ rights: UInt8, _ id: [UInt8]) -> [UInt8] { [tag, 0, rights, 0] + id }
            let nobody: [UInt8] = [255, 255, 255, 255]
            let value =
                [2, 0, 0, 0] + entry(1, 6, nobody) + entry(2, 6, [0xe8, 3, 0, 0]) + entry(4, 4, nobody)
                + entry(16, 6, nobody) + entry(32, 4, nobody)
            try tree.attribute("f", "system.posix_acl_access", value)
        },
        keeps("files with holes") { tree in
            try tree.file("f", "start")
            try sys("make a hole") { truncate(tree.path("f").string, 2 << 20) }
        },
        Check("a file with holes takes no more room in a child") { scene in
            let a = try scene.layer("a") { tree in
                try tree.file("f", "start")
                try sys("make a hole") { truncate(tree.path("f").string, 64 << 20) }
            }
            let b = try scene.layer("b", on: a)
            let blocks = try scene.see(b) { tree in
                var status = stat()
                try sys("look at the file") { stat(tree.path("f").string, &status) }
                return status.st_blocks
            }
            try expect(blocks < 2048, "the copy takes \(blocks / 2) KiB")
        },
        keeps("names with newlines, quotes, blanks and a leading dash") { tree in
            for name in ["new\nline", "quo\"te'", " blank ", "-dash", "back\\slash", "co:lon,comma=", "*", "…ü"] {
                try tree.file(name)
            }
        },
        keeps("names of 255 bytes, and paths longer than a tar header") { tree in
            try tree.file(String(repeating: "n", count: 255))
            let folder = String(repeating: "d", count: 120)
            try tree.folder(folder)
            try tree.folder("\(folder)/\(folder)")
            try tree.file("\(folder)/\(folder)/f")
        },
        keeps("names that are not UTF-8") { tree in
            let bytes: [CChar] = [0x66, -1, -2, 0x67, 0]
            let path = tree.root.pushing(FilePath(platformString: bytes))
            let file = try sys("create a file") {
                path.withPlatformString { open($0, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644) }
            }
            close(file)
        },
        keeps("folders 60 deep") { tree in
            var name = "d"
            for _ in 0..<60 {
                try tree.folder(name)
                name += "/d"
            }
            try tree.file(name)
        },
        keeps("a file of 5 MB") { tree in
            let block = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var bytes: [UInt8] = []
            for number in 0..<1280 { bytes += [UInt8(truncatingIfNeeded: number)] + block.dropFirst() }
            try writeFile(bytes, to: tree.path("f"), mode: .ownerReadWrite)
        },
        Check("10,000 files in one folder: kept in a child, and through diff and apply") { scene in
            let a = try scene.layer("a")
            let b = try scene.layer("b", on: a) { tree in
                try tree.folder("d")
                let folder = OwnedDescriptor(
                    try sys("open d") { open(tree.path("d").string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
                )
                for number in 0..<10_000 {
                    close(
                        try sys("create a file") {
                            openat(folder.rawValue, "file-\(number)", O_CREAT | O_WRONLY, 0o644)
                        }
                    )
                }
            }
            let names = try scene.see(b) { try listFolder($0.path("d")) }
            try expectEqual(names.count, 10_000, "files")
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            for id in [c, try scene.layer("child", on: b)] {
                try expect(try scene.see(id) { try listFolder($0.path("d")) } == names, "the files are others")
            }
        },
    ]
}
