import Archive
import GraphDrivers
import Linux
import SystemPackage

// What a layer changes: what its view shows, what `changes` lists, and what its tar makes of another layer. Each of these
// checks proves all three, and that a child of the layer made from the tar shows the same.

extension Check {
    /// A layer with `before`, and on it one that did `change`.
    static func change(
        _ promise: String,
        before: @escaping @Sendable (Tree) throws -> Void = { _ in },
        _ change: @escaping @Sendable (Tree) throws -> Void,
        lists wanted: [String]
    ) -> Check {
        Check(promise) { scene in
            let a = try scene.layer("a") { tree in
                try before(tree)
                try tree.age()
            }
            let b = try scene.layer("b", on: a, change)
            let found = try scene.driver.changes(in: b, since: a).map { "\($0.kind.letter) \($0.path)" }
            try expectEqual(found, wanted, "the list of changes")
            let record = try scene.record(b)
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            try expectSame(try scene.record(c), record, "the layer made from the tar")
            let d = try scene.layer("d", on: c)
            try expectSame(try scene.record(d), record, "a child of it")
        }
    }

    static let sample: @Sendable (Tree) throws -> Void = { tree in
        try tree.folder("d")
        try tree.folder("d/e")
        for name in ["f", "d/f", "d/e/f", "d/e/g"] { try tree.file(name, "old \(name)") }
    }

    static let changed: [Check] = [
        change("no change is no change", before: sample, { _ in }, lists: []),
        change("reading changes nothing", before: sample, { _ = try $0.text("d/f") }, lists: []),
        change(
            "opening files for writing, and writing nothing, changes nothing",
            before: sample,
            { tree in
                for name in ["d/f", "f"] { _ = try FileDescriptor.open(tree.path(name), .readWrite).closeAfter {} }
            },
            lists: []
        ),
        change("an added file is added", before: sample, { try $0.file("g") }, lists: ["A /g"]),
        change(
            "an added file deep below modifies the folders above it",
            before: sample,
            { try $0.file("d/e/h") },
            lists: ["C /d", "C /d/e", "A /d/e/h"]
        ),
        change(
            "an added folder is added with all that is in it",
            before: sample,
            { tree in
                try tree.folder("n")
                try tree.folder("n/empty")
                try tree.file("n/f")
            },
            lists: ["A /n", "A /n/empty", "A /n/f"]
        ),
        change(
            "a changed file is modified",
            before: sample,
            { try $0.file("f", "new content") },
            lists: ["C /f"]
        ),
        change(
            "a file with another mode or owner is modified",
            before: sample,
            { tree in
                try tree.mode("f", 0o4711)
                try tree.owner("d/f", 12, 34)
            },
            lists: ["C /d", "C /d/f", "C /f"]
        ),
        change(
            "a folder with another mode is modified",
            before: sample,
            { try $0.mode("d/e", 0o700) },
            lists: ["C /d", "C /d/e"]
        ),
        change("a deleted file is deleted", before: sample, { try $0.remove("d/f") }, lists: ["C /d", "D /d/f"]),
        change(
            "a deleted folder is one deletion, and takes all below it along",
            before: sample,
            { try $0.remove("d") },
            lists: ["D /d"]
        ),
        change(
            "a folder deleted and made again shows nothing of the old one",
            before: sample,
            { tree in
                try tree.remove("d")
                try tree.folder("d")
                try tree.file("d/new")
            },
            lists: ["C /d", "D /d/e", "D /d/f", "A /d/new"]
        ),
        change(
            "a file that replaces a folder hides all that was in it",
            before: sample,
            { tree in
                try tree.remove("d")
                try tree.file("d")
            },
            lists: ["C /d"]
        ),
        change(
            "a folder that replaces a file is a folder",
            before: sample,
            { tree in
                try tree.remove("f")
                try tree.folder("f")
                try tree.file("f/g")
            },
            lists: ["C /f", "A /f/g"]
        ),
        change(
            "a symbolic link that replaces a folder is a link",
            before: sample,
            { tree in
                try tree.remove("d/e")
                try tree.link("d/e", to: "/etc")
            },
            lists: ["C /d", "C /d/e"]
        ),
        change(
            "a folder made again within one that was made again shows nothing of the old ones",
            before: sample,
            { tree in
                try tree.remove("d")
                try tree.folder("d")
                try tree.folder("d/e")
                try tree.file("d/e/f", "new content")
            },
            lists: ["C /d", "C /d/e", "C /d/e/f", "D /d/e/g", "D /d/f"]
        ),
        change(
            "a renamed file is one deletion and one addition",
            before: sample,
            { try $0.rename("f", to: "g") },
            lists: ["D /f", "A /g"]
        ),
        change(
            "a file deleted and made again is modified",
            before: sample,
            { tree in
                try tree.remove("f")
                try tree.file("f", "made again")
            },
            lists: ["C /f"]
        ),
        change(
            "a layer may delete all there is",
            before: sample,
            { tree in
                try tree.remove("d")
                try tree.remove("f")
            },
            lists: ["D /d", "D /f"]
        ),
        Check("what one layer deletes, the next can make again, and the one after delete again") { scene in
            let a = try scene.layer("a", sample)
            let b = try scene.layer("b", on: a) { try $0.remove("d") }
            let c = try scene.layer("c", on: b) { tree in
                try tree.folder("d")
                try tree.file("d/x")
            }
            let d = try scene.layer("d", on: c) { try $0.remove("d/x") }
            try expectEqual(try scene.see(b) { $0.has("d") }, false, "the folder in the second layer")
            try expectEqual(try scene.see(c) { [$0.has("d/x"), $0.has("d/f")] }, [true, false], "files in the third")
            try expectEqual(try scene.see(d) { [$0.has("d"), $0.has("d/x")] }, [true, false], "files in the fourth")
        },
        Check("changes since no parent are all that is there") { scene in
            let a = try scene.layer("a", sample)
            let found = try scene.driver.changes(in: a, since: nil).map { "\($0.kind.letter) \($0.path)" }
            let wanted = ["A /d", "A /d/e", "A /d/e/f", "A /d/e/g", "A /d/f", "A /f"]
            try expectEqual(found, wanted, "the list of changes")
        },
        Check("changes since a grandparent are those of both layers") { scene in
            let a = try scene.layer("a", sample)
            let b = try scene.layer("b", on: a) { try $0.file("b") }
            let c = try scene.layer("c", on: b) { try $0.remove("f") }
            let found = try scene.driver.changes(in: c, since: a).map { "\($0.kind.letter) \($0.path)" }
            try expectEqual(found, ["A /b", "D /f"], "the list of changes")
        },
    ]
}

extension Change.Kind {
    /// Docker's letter.
    var letter: String {
        switch self {
        case .modified: "C"
        case .added: "A"
        case .deleted: "D"
        }
    }
}
