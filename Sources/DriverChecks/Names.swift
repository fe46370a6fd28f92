import Archive
import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// Names that come, go and change places, as programs in containers do it.

extension Check {
    static let names: [Check] =
        folderNames + [
            Check("two files exchanged in one step have changed places, where the kernel can do that") { scene in
                try changed(scene, lists: ["C /d", "C /d/f", "C /f"]) { tree in
                    try rename(tree, "f", "d/f", UInt32(LINUX_RENAME_EXCHANGE))
                    try expectEqual(try ["f", "d/f"].map(tree.text), ["old d/f", "old f"], "the files")
                }
            },
            Check("renaming without replacing is refused where there is a file, and done where there is none") {
                scene in
                try changed(scene, lists: ["C /d", "D /d/f", "A /new"]) { tree in
                    for name in ["f", "d/e/f"] {
                        try expectError("a rename to \(name)", { ($0 as? SystemError)?.errno == .fileExists }) {
                            try rename(tree, "d/f", name, UInt32(LINUX_RENAME_NOREPLACE))
                        }
                    }
                    try rename(tree, "d/f", "new", UInt32(LINUX_RENAME_NOREPLACE))
                }
            },
            change(
                "a parent's file moved onto another of the parent's replaces it",
                before: sample,
                { tree in
                    try tree.rename("f", to: "d/e/f")
                    try expectEqual(try tree.text("d/e/f"), "old f", "the file")
                },
                lists: ["C /d", "C /d/e", "C /d/e/f", "D /f"]
            ),
            Check("a name that is taken can't be made anew; one that was deleted can, and again") { scene in
                let a = try scene.layer("a", sample)
                try scene.layer("b", on: a) { tree in
                    for name in ["f", "d/f"] {
                        for _ in 0..<3 {
                            try expectError("making \(name) anew", { ($0 as? SystemError)?.errno == .fileExists }) {
                                _ = try tree.open(name, O_WRONLY | O_CREAT | O_EXCL)
                            }
                            try tree.remove(name)
                            try expect(!tree.has(name), "\(name) is there after it was deleted")
                            _ = try tree.open(name, O_WRONLY | O_CREAT | O_EXCL)
                        }
                    }
                }
            },
            Check("a file made without a name gets one, where the kernel can do that") { scene in
                let a = try scene.layer("a", sample)
                let b = try scene.layer("b", on: a) { tree in
                    let descriptor = linux_open_nameless(tree.path("d").string, 0o640)
                    guard descriptor >= 0 else {
                        throw Skipped(description: "no files without names here (O_TMPFILE)")
                    }
                    let file = OwnedDescriptor(descriptor)
                    try write("nameless", to: file)
                    try expectEqual(try listFolder(tree.path("d")), ["e", "f"], "names before")
                    let path = tree.path("d/named").string
                    try sys("name the file") { linux_link_descriptor(file.rawValue, path) }
                }
                try expectEqual(try scene.see(b) { try $0.text("d/named") }, "nameless", "the file")
                let found = try scene.driver.changes(in: b, since: a).map { "\($0.kind.letter) \($0.path)" }
                try expectEqual(found, ["C /d", "A /d/named"], "the list of changes")
            },
            keeps("symbolic links as long as the file system has them") { tree in
                let pieces = String(repeating: "0123456789abcde/", count: 256)
                // ext4 and tmpfs take 4095 bytes; xfs 1024; btrfs a little less than a block.
                for length in [4095, 3900, 1023] {
                    do { return try tree.link("long", to: String(pieces.prefix(length))) } catch let error
                        as SystemError
                    {
                        guard error.errno == .fileNameTooLong, length > 1023 else { throw error }
                    }
                }
            },
            Check("a file called like a whiteout deletes no other: it is refused, kept or left out") { scene in
                try harmless(scene) { tree in
                    try tree.file(".wh.f", "a container's own")
                    try tree.file("d/.wh.f", "a container's own")
                }
            },
            Check("a device of number 0, as overlayfs deletes with, deletes no other file") { scene in
                try harmless(scene) { try $0.node("d/zero", S_IFCHR) }
            },
        ]

    private static let folderNames: [Check] = [
        change(
            "a parent's folder that is renamed, or copied where that is refused, has all that was in it",
            before: sample,
            { tree in
                try tree.move("d", to: "n")
                try expectEqual(try tree.text("n/e/f"), "old d/e/f", "the file")
                try expect(!tree.has("d"), "the folder is there under its old name")
            },
            lists: ["D /d", "A /n", "A /n/e", "A /n/e/f", "A /n/e/g", "A /n/f"]
        ),
        change(
            "a parent's folder moved into another, and a new one in its place, are two folders",
            before: sample,
            { tree in
                try tree.folder("new")
                try tree.move("d/e", to: "new/e")
                try tree.folder("d/e")
                try tree.file("d/e/g", "another file")
            },
            lists: ["C /d", "C /d/e", "D /d/e/f", "C /d/e/g", "A /new", "A /new/e", "A /new/e/f", "A /new/e/g"]
        ),
        Check("a folder of the layer's own is renamed, whatever is in it") { scene in
            let a = try scene.layer("a", sample)
            let b = try scene.layer("b", on: a) { tree in
                try tree.folder("n")
                try tree.file("n/f", "own")
                try tree.rename("n", to: "d/m")
            }
            try expectEqual(try scene.see(b) { try $0.text("d/m/f") }, "own", "the file")
        },
        change(
            "a parent's folder is removed only when nothing of it is to be seen any more",
            before: sample,
            { tree in
                func removeFolder() throws { try sys("remove d/e") { rmdir(tree.path("d/e").string) } }
                for name in ["d/e/f", "d/e/g"] {
                    try expectError("removing a folder", { ($0 as? SystemError)?.errno == .directoryNotEmpty }) {
                        try removeFolder()
                    }
                    try tree.remove(name)
                }
                try removeFolder()
            },
            lists: ["C /d", "D /d/e"]
        ),
    ]

    /// As `change`, on `sample`, for a change that not every kernel can make.
    private static func changed(_ scene: Scene, lists wanted: [String], _ change: (Tree) throws -> Void) throws {
        let a = try scene.layer("a") { tree in
            try sample(tree)
            try tree.age()
        }
        let b = try scene.layer("b", on: a, change)
        let found = try scene.driver.changes(in: b, since: a).map { "\($0.kind.letter) \($0.path)" }
        try expectEqual(found, wanted, "the list of changes")
        let record = try scene.record(b)
        let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
        try expectSame(try scene.record(c), record, "the layer made from the tar")
    }

    private static func rename(_ tree: Tree, _ old: String, _ new: String, _ flags: UInt32) throws {
        let (from, to) = (tree.path(old).string, tree.path(new).string)
        do { try sys("rename \(old) to \(new)") { linux_rename(from, to, flags) } } catch {
            guard [.invalidArgument, .noFunction, .notSupported].contains(error.errno) else { throw error }
            throw Skipped(description: "this file system has no such rename")
        }
    }

    /// What `make` makes may be refused, kept or left out of the tar; the parent's files are there in any case.
    private static func harmless(_ scene: Scene, _ make: (Tree) throws -> Void) throws {
        let a = try scene.layer("a", sample)
        // A refusal is fine too.
        let b = try scene.layer("b", on: a) { tree in do { try make(tree) } catch is SystemError {} }
        let wanted = try scene.record(a)
        func check(_ id: LayerID, _ what: String) throws {
            let found = try scene.record(id)
            for path in wanted.nodes.keys.sorted() {
                try expect(found.nodes[path] != nil, "\(path) is gone from \(what)")
            }
        }
        try check(b, "the layer")
        try check(scene.layer("child", on: b), "its child")
        // Refusing to write the tar, or to apply it, deletes nothing either.
        guard let tar = try? scene.tar(of: b, since: a), let c = try? scene.apply(tar, as: "c", on: a).id else {
            return
        }
        try check(c, "the layer made from the tar")
    }
}
