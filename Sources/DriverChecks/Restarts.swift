import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// The daemon ends and starts again; two of them run at once; and what was taken of the host is given back.

extension Check {
    static let restarts: [Check] =
        releases + [
            Check("a layer is the same in every way when its home is opened anew, twice") { scene in
                let (a, b) = try two(in: scene)
                let records = try (scene.record(a), scene.record(b))
                let changes = try scene.driver.changes(in: b, since: a)
                let tar = try scene.tar(of: b, since: a)
                for round in 1...2 {
                    let again = scene.with(try scene.reopened())
                    defer { again.release() }
                    try expectSame(try again.record(a), records.0, "the parent after start \(round + 1)")
                    try expectSame(try again.record(b), records.1, "the layer after start \(round + 1)")
                    try expectEqual(try again.driver.changes(in: b, since: a), changes, "the list of changes")
                    try expect(try again.tar(of: b, since: a) == tar, "the tar differs after start \(round + 1)")
                }
            },
            Check("a container's layer can be written to after a second start, and its parent gets other children") {
                scene in
                let (a, b) = try two(in: scene)
                let record = try scene.record(a)
                scene.release()
                let again = scene.with(try scene.reopened())
                defer { again.release() }
                try again.see(b) { try $0.file("g", "after") }
                let c = try again.layer("c", on: a) { try $0.file("h") }
                try expectEqual(try again.see(b) { try $0.text("g") }, "after", "the file")
                try expectEqual(
                    try again.see(c) { [$0.has("g"), $0.has("h")] },
                    [false, true],
                    "the other child's files"
                )
                try expectSame(try again.record(a), record, "the parent")
            },
            Check("a second start ends what a killed one had open, and what it made can be removed") { scene in
                let before = try scene.leftovers()
                let (a, b) = try two(in: scene)
                // Three views that nobody closes, as after `kill -9`.
                for id in [a, b, b] { _ = try scene.driver.open(id) }
                let again = scene.with(try scene.reopened())
                defer { again.release() }
                for id in [a, b] { try again.driver.close(id) }
                try expectEqual(try again.see(b) { try $0.text("f") }, "new", "the file")
                for id in [b, a] { try again.driver.remove(id) }
                try expectEqual(try again.leftovers(), before, "files in the home")
            },
            Check("two homes at once have layers of the same names, and share nothing") { scene in
                let other = scene.with(try scene.other(home: scene.folder.appending("second")))
                defer { other.release() }
                let a = try scene.layer("a") { try $0.file("f", "first") }
                try expect(!other.driver.contains(a), "the second home has the first one's layer")
                try other.layer("a") { try $0.file("f", "second") }
                for (scene, text) in [(scene, "first"), (other, "second")] {
                    let b = try scene.layer("b", on: a) { try $0.file("g", text) }
                    try expectEqual(try scene.see(b) { try $0.text("f") + $0.text("g") }, text + text, "the files")
                }
                let record = try other.record(try other.id("b"))
                for name in ["b", "a"] { try scene.driver.remove(scene.id(name)) }
                try expectSame(try other.record(try other.id("b")), record, "the second home's layer")
            },
            Check("layers removed from the top down leave nothing, also when the home is opened anew in between") {
                scene in
                let before = try scene.leftovers()
                var layers: [LayerID] = []
                for number in 0..<6 {
                    layers.append(try scene.layer("l\(number)", on: layers.last) { try $0.file("f\(number)") })
                }
                for (number, id) in layers.enumerated().reversed() {
                    let again = try scene.reopened()
                    defer { try? again.release() }
                    try again.remove(id)
                    for (index, id) in layers.enumerated() {
                        try expectEqual(again.contains(id), index < number, "whether layer \(index) is there")
                    }
                }
                try expectEqual(try scene.leftovers(), before, "files in the home")
            },
            Check("closing a layer that nobody opened, or nobody made, harms nothing") { scene in
                let (a, b) = try two(in: scene)
                let record = try scene.record(b)
                for _ in 0..<2 { try scene.driver.close(b) }
                // Of one that nobody made, the driver may say so.
                do { try scene.driver.close(scene.id("nobody")) } catch is DriverError {}
                try expectSame(try scene.record(b), record, "the layer")
                try scene.see(b) { tree in
                    // A view that is open outlives a surplus close of another layer.
                    try scene.driver.close(a)
                    try tree.file("g")
                }
                try expectEqual(try scene.see(b) { $0.has("g") }, true, "the file")
            },
            Check("layers whose names begin alike are not mixed up") { scene in
                let name = String(repeating: "0123456789abcdef", count: 4)
                let ids = try ["", "-init", "-init2"].map { try id(name + $0) } + [try id("0123456789ab")]
                for id in ids {
                    try scene.driver.create(id, parent: nil, options: LayerOptions(isWritable: true))
                    try scene.see(id) { try $0.file("f", "\(id)") }
                }
                for (number, id) in ids.enumerated() {
                    try scene.driver.remove(id)
                    for (index, id) in ids.enumerated() {
                        try expectEqual(scene.driver.contains(id), index > number, "whether \(id) is there")
                        guard index > number else { continue }
                        try expectEqual(try scene.see(id) { try $0.text("f") }, "\(id)", "the file in \(id)")
                    }
                }
            },
            Check("the home is closed to other users of the host") { scene in
                try scene.layer("a")
                let mode = try Tree(root: scene.folder).status("home").st_mode & 0o7777
                try expect(mode & 0o007 == 0, "the home's mode is \(String(mode, radix: 8))")
            },
        ]

    private static let releases: [Check] = [
        Check("after release nothing of the host is held: no mount, no loop device, no mapped device") { scene in
            let (_, b) = try two(in: scene)
            for _ in 0..<2 { try scene.see(b) { _ = try $0.text("f") } }
            try scene.driver.release()
            try HostState.expectNothing(below: scene.folder, "after release")
        },
        Check("after release the home can be opened, used and released again") { scene in
            let (_, b) = try two(in: scene)
            let record = try scene.record(b)
            try scene.driver.release()
            for round in 1...2 {
                let again = scene.with(try scene.reopened())
                try expectSame(try again.record(b), record, "the layer after start \(round + 1)")
                try again.layer("n\(round)", on: b) { try $0.file("n") }
                try again.driver.release()
                try HostState.expectNothing(below: scene.folder, "after release \(round + 1)")
            }
        },
        Check("release leaves alone what an open layer needs; the next start can end it") { scene in
            let (_, b) = try two(in: scene)
            let view = try scene.driver.open(b)
            try withTree(view) { root in
                let tree = Tree(root: root)
                let file = try tree.open("f", O_RDONLY)
                try scene.driver.release()
                try expectEqual(try text(of: file), "new", "an open file after release")
                try tree.file("g", "after release")
                let again = try scene.reopened()
                try expectEqual(try tree.text("g"), "after release", "the file after the next start")
                try again.release()
                try tree.file("h", "after the next release")
            }
            let again = scene.with(try scene.reopened())
            try again.driver.close(b)
            let texts = try again.see(b) { try ["g", "h"].map($0.text) }
            try expectEqual(texts, ["after release", "after the next release"], "the files")
            try again.driver.release()
            try HostState.expectNothing(below: scene.folder, "after the last release")
        },
    ]

    /// A layer with a file, and a child that has changed it.
    private static func two(in scene: Scene) throws -> (LayerID, LayerID) {
        let a = try scene.layer("a") { tree in
            try sample(tree)
            try tree.age()
        }
        let b = try scene.layer("b", on: a) { tree in
            try tree.file("f", "new")
            try tree.remove("d/e/f")
        }
        return (a, b)
    }

    private static func id(_ name: String) throws -> LayerID {
        guard let id = LayerID(name) else { throw Broken(description: "\(name) is no layer ID") }
        return id
    }
}
