import Archive
import GraphDrivers
import Linux
import SystemPackage

// Layer tars: what goes in and what comes out.

extension Check {
    static let layers: [Check] = [
        Check("an empty layer's tar is an archive, and makes an empty layer") { scene in
            let a = try scene.layer("a")
            let tar = try scene.tar(of: a, since: nil)
            try expect(tar.count >= 1024 && tar.count.isMultiple(of: 512), "the tar has \(tar.count) bytes")
            let b = try scene.apply(tar, as: "b", on: nil)
            try expectEqual(try scene.record(b.id).nodes.count, 0, "files in the layer")
            try expectEqual(b.size, 0, "the layer's size")
        },
        Check("a tar with a whiteout deletes the parent's file, and shows no `.wh.` file") { scene in
            let a = try scene.layer("a") { tree in
                try tree.folder("d")
                for name in ["d/f", "d/g"] { try tree.file(name) }
            }
            var tar = LayerTar()
            tar.folder("d")
            tar.file("d/.wh.f")
            let b = try scene.apply(tar.finished, as: "b", on: a).id
            try scene.see(b) { try expectEqual(["d/f", "d/g", "d/.wh.f"].map($0.has), [false, true, false], "files") }
        },
        Check("a tar with an opaque folder shows only its own files there") { scene in
            let a = try scene.layer("a") { tree in
                try tree.folder("d")
                for name in ["d/f", "d/g", "h"] { try tree.file(name) }
            }
            var tar = LayerTar()
            tar.folder("d")
            tar.file("d/.wh..wh..opq")
            tar.file("d/f", "new")
            let b = try scene.apply(tar.finished, as: "b", on: a).id
            try scene.see(b) { tree in
                try expectEqual(
                    ["d/f", "d/g", "h", "d/.wh..wh..opq"].map(tree.has),
                    [true, false, true, false],
                    "files"
                )
                try expectEqual(try tree.text("d/f"), "new", "the file")
            }
        },
        Check("a tar whose root is opaque hides all that is below, in its children too") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a) { try $0.file("g") }
            var tar = LayerTar()
            tar.file(".wh..wh..opq")
            tar.file("h", "new")
            let c = try scene.apply(tar.finished, as: "c", on: b).id
            let d = try scene.layer("d", on: c) { try $0.file("i") }
            let found = try [c, d].map { id in try scene.see(id) { ["f", "g", "h", "i"].map($0.has) } }
            try expectEqual(found, [[false, false, true, false], [false, false, true, true]], "files")
            let changes = try scene.driver.changes(in: c, since: b).map { "\($0.kind.rawValue) \($0.path)" }
            try expectEqual(changes, ["2 /f", "2 /g", "1 /h"], "the list of changes")
        },
        Check("a whiteout of what is not there does no harm, in a first layer neither") { scene in
            var tar = LayerTar()
            tar.file(".wh.nothing")
            tar.file("f", "x")
            let a = try scene.apply(tar.finished, as: "a", on: nil).id
            let b = try scene.apply(tar.finished, as: "b", on: a).id
            for id in [a, b] {
                try expectEqual(
                    try scene.see(id) { ["f", "nothing", ".wh.nothing"].map($0.has) },
                    [true, false, false],
                    "files"
                )
            }
        },
        Check("a layer's size is the sum of its own files, hard links once") { scene in
            let a = try scene.layer("a") { try $0.file("below", String(repeating: "x", count: 5000)) }
            let b = try scene.layer("b", on: a) { tree in
                try tree.folder("d")
                try tree.file("d/f", String(repeating: "y", count: 1000))
                try tree.hardLink("g", to: "d/f")
                try tree.file("h", "12345")
            }
            try expectEqual(try scene.driver.size(of: b, since: a), 1005, "the size")
            try expectEqual(try scene.driver.size(of: a, since: nil), 5000, "the parent's size")
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a)
            try expectEqual(c.size, 1005, "the size that apply returns")
        },
        Check("a layer made from its own tar gives the same tar again") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a) { tree in
                try tree.remove("f")
                try tree.folder("d")
                try tree.file("d/g")
            }
            let tar = try scene.tar(of: b, since: a)
            let c = try scene.apply(tar, as: "c", on: a).id
            try expect(try scene.tar(of: c, since: a) == tar, "the second tar differs from the first")
        },
        Check("layers can be applied before their parents", needs: .independentApply) { scene in
            let source = try scene.layer("source") { try $0.file("f") }
            var tar = LayerTar()
            tar.file(".wh.f")
            tar.file("g", "top")
            let a = try scene.id("a")
            let b = try scene.id("b")
            try scene.driver.create(a, parent: nil, options: LayerOptions())
            try scene.driver.create(b, parent: a, options: LayerOptions())
            let limits = ArchiveLimits()
            _ = try scene.driver.apply(BufferSource(tar.finished), to: b, parent: a, limits: limits)
            let below = BufferSource(try scene.tar(of: source, since: nil))
            _ = try scene.driver.apply(below, to: a, parent: nil, limits: limits)
            try expectEqual(try scene.see(b) { ["f", "g"].map($0.has) }, [false, true], "files")
        },
        Check("a tar that leads out is contained: nothing outside the layer changes") { scene in
            let outside = Tree(root: scene.folder)
            try outside.folder("outside")
            try outside.file("outside/f")
            var tar = LayerTar()
            tar.link("out", to: outside.path("outside").string)
            tar.link("up", to: "../../../../../..\(scene.folder)/outside")
            tar.file("out/f", "overwritten")
            tar.file("up/g", "made")
            tar.file("../../../../outside-too", "made")
            let id = try scene.id("a")
            try scene.driver.create(id, parent: nil, options: LayerOptions())
            // Refusing the archive and unpacking it inside are both fine.
            _ = try? scene.driver.apply(BufferSource(tar.finished), to: id, parent: nil, limits: ArchiveLimits())
            try scene.driver.remove(id)
            try expectEqual(try outside.text("outside/f"), "content", "the file outside")
            try expectEqual([outside.has("outside/g"), outside.has("outside-too")], [false, false], "files outside")
        },
    ]
}
