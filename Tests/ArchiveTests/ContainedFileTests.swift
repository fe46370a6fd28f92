import CArchive
import Glibc
import Linux
import SystemPackage
import Testing

@testable import Archive

/// Files in a tree whose owner is hostile, found and filled from outside.
@Suite struct ContainedFileTests {
    /// A tree with a file, folders and links that try to lead out; beside it a file that nobody may reach.
    private func withTree(_ body: (FilePath) throws -> Void) throws {
        let scratch = try Scratch()
        let tree = scratch.folder("tree")
        for folder in ["a", "a/b"] { mkdir(tree.appending(folder).string, 0o755) }
        try writeFile(Array("in".utf8), to: tree.appending("a/f"), mode: FilePermissions(rawValue: 0o4750))
        try writeFile(Array("out".utf8), to: scratch.path.appending("secret"), mode: .ownerReadWrite)
        for (link, target) in [
            ("up", "../../../secret"), ("root", "/"), ("abs", "/a/f"), ("dir", "a/b"), ("none", "/no/where"),
            ("loop", "loop"),
        ] { symlink(target, tree.appending(link).string) }
        try body(tree)
    }

    @Test("a path's last link is told, others are followed within the tree")
    func lookups() throws {
        try withTree { tree in
            let file = try ContainedFile("/root/root/a/f", in: tree)
            #expect((file.base, file.size, file.mode & 0o7777, file.isFolder) == ("f", 2, 0o4750, false))
            let targets = [
                "abs": "/a/f", "dir": "/a/b", "root": "/", "none": "/no/where", "loop": "/loop", "up": "/secret",
            ]
            for (link, target) in targets {
                #expect(try ContainedFile("/\(link)", in: tree).linkTarget == target, "\(link)")
            }
            #expect(try ContainedFile("/dir/.", in: tree).isFolder)
            #expect(try ContainedFile("/dir/", in: tree).linkTarget == nil)
            #expect(try ContainedFile("/../../a/./b/../f", in: tree).size == 2)
            for path in ["/up/.", "/none/x", "/loop/x", "/a/f/x", "/secret", "/../secret"] {
                #expect(throws: SystemError.self, "\(path)") { try ContainedFile(path, in: tree) }
            }
        }
    }

    @Test("the root, a folder and a file are written under the name that was asked for")
    func writing() throws {
        try withTree { tree in
            for (path, base, names) in [
                ("/a", "a", ["a/", "a/b/", "a/f"]), ("/a/f", "f", ["f"]), ("/a/.", ".", ["./", "./b/", "./f"]),
                ("/abs", "abs", ["abs"]),
            ] {
                let sink = BufferSink()
                try ContainedFile(path, in: tree).write(as: base, to: sink)
                #expect(try members(sink.bytes).sorted() == names, "\(path)")
            }
        }
    }

    private func members(_ tar: [UInt8]) throws -> [String] {
        let input = try ArchiveInput(BufferSource(tar), .tar)
        var names: [String] = []
        while let entry = try input.next() { names.append(String(cString: archive_entry_pathname(entry))) }
        return names
    }

    private func tar(_ make: (TreeWriter) throws -> Void) throws -> BufferSource {
        let sink = BufferSink()
        let writer = try TreeWriter(sink)
        try make(writer)
        try writer.finish()
        return BufferSource(sink.bytes)
    }

    /// A tar with `tree/a/f` under each of the names.
    private func tar(of tree: FilePath, as names: [String]) throws -> BufferSource {
        let folder = OwnedDescriptor(try sys("open") { open(tree.appending("a").string, O_RDONLY | O_CLOEXEC) })
        return try tar { writer in
            for name in names {
                let status = try #require(try look(at: FileName("f"), in: folder.rawValue))
                // Each is a file of its own, not a link to the first.
                _ = try writer.add("f", in: folder.rawValue, status, as: Array(name.utf8))
            }
        }
    }

    @Test("members land in the folder, wherever links lead, and not above it")
    func extraction() throws {
        try withTree { tree in
            func extract(_ names: [String], _ folder: String, keepsKinds: Bool = false) throws {
                try extractFiles(
                    tar(of: tree, as: names),
                    into: folder,
                    of: tree,
                    owner: nil,
                    keepsKinds: keepsKinds,
                    limits: ArchiveLimits()
                )
            }
            try extract(["new", "deep/er/new"], "/dir")
            #expect(exists(tree.appending("a/b/new")) && exists(tree.appending("a/b/deep/er/new")))
            try extract([".wh.kept"], "/a")
            #expect(exists(tree.appending("a/.wh.kept")), "it is no layer")
            for name in ["../x", "b/../../x", "../../../secret"] {
                #expect(throws: ArchiveError.self, "\(name)") { try extract([name], "/a") }
            }
            #expect(throws: ArchiveError.otherKind(member: "a/b", isFolder: false)) {
                try extract(["b"], "/a", keepsKinds: true)
            }
            #expect(isFolder(tree.appending("a/b")))
            try extract(["b"], "/a")
            #expect(!isFolder(tree.appending("a/b")), "a file took the folder's place, as asked")
            let outside = tree.removingLastComponent().appending("secret")
            #expect(try readFile(outside) == Array("out".utf8))
            #expect(try listFolder(tree.removingLastComponent()).sorted() == ["secret", "tree"])
        }
    }

    @Test("an owner that was asked for is the owner of all")
    func owner() throws {
        try withTree { tree in
            try extractFiles(
                tar(of: tree, as: ["mine"]),
                into: "/a",
                of: tree,
                owner: (77, 88),
                keepsKinds: true,
                limits: ArchiveLimits()
            )
            var status = stat()
            #expect(lstat(tree.appending("a/mine").string, &status) == 0 && (status.st_uid, status.st_gid) == (77, 88))
        }
    }
}
