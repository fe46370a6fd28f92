import Archive
import GraphDrivers
import Linux
import SystemPackage

// Many layers: on each other, beside each other, and open at once. A slow host makes fewer of them.

extension Check {
    static let many: [Check] = [
        Check("a stack of 125 layers, and of as many as the driver can make, shows all; one more is refused") { scene in
            var top = try applied(0, on: nil, in: scene)
            for number in 1..<125 { top = try applied(number, on: top, in: scene) }
            let child = try scene.layer("container", on: top) { try $0.file("own") }
            try expectEqual(try scene.see(child) { try listFolder($0.root).count }, 126, "files to be seen")
            var count = 125
            while count < 132 {
                let before = try scene.leftovers()
                do { top = try applied(count, on: top, in: scene) } catch DriverError.tooDeep {
                    try expectEqual(try scene.leftovers(), before, "files in the home after the refusal")
                    break
                }
                count += 1
            }
            try expectEqual(try scene.see(top) { try listFolder($0.root).count }, count, "files to be seen")
        },
        Check("a thousand layers, half of them on the other half, come and go, and a second start knows them") {
            scene in
            let before = try scene.leftovers()
            let base = try scene.layer("base") { try $0.file("f") }
            let patience = Patience(seconds: 2)
            var layers: [LayerID] = []
            while layers.count < 1000, !patience.isOver || layers.count < 100 {
                let parent = try made("p\(layers.count)", on: base, in: scene)
                layers += [parent, try made("c\(layers.count)", on: parent, in: scene)]
            }
            let some = layers.enumerated().filter { $0.offset.isMultiple(of: 97) }.map(\.element)
            for id in some { try expectEqual(try scene.see(id) { try $0.text("f") }, "content", "the file of \(id)") }
            let again = try scene.reopened()
            defer { try? again.release() }
            for id in layers { try expect(again.contains(id), "\(id) is unknown after a second start") }
            // Every other pair goes first, so that there are gaps.
            for start in [0, 2] {
                for index in stride(from: start, to: layers.count, by: 4) {
                    for id in layers[index..<min(index + 2, layers.count)].reversed() { try again.remove(id) }
                }
            }
            for id in layers { try expect(!again.contains(id), "\(id) is there after it was removed") }
            try again.remove(base)
            try expectEqual(try scene.leftovers(), before, "files in the home")
        },
        Check("a hundred containers of one image, open at once, see their own writes and no others'") { scene in
            let image = try scene.layer("image") { tree in
                try tree.folder("d")
                for name in ["f", "d/g"] { try tree.file(name, "image") }
            }
            let before = try scene.leftovers()
            let patience = Patience(seconds: 1)
            var layers: [LayerID] = []
            func openNext() throws {
                let number = layers.count
                if number == 100 || (number >= 10 && patience.isOver) { return }
                let id = try scene.id("l\(number)")
                try scene.driver.create(id, parent: image, options: LayerOptions(isWritable: true))
                layers.append(id)
                try scene.see(id) { tree in
                    try tree.file("d/g", "written by \(number)")
                    try tree.file("own\(number)")
                    try openNext()
                    // By now all others have written too.
                    try expectEqual(
                        try ["f", "d/g"].map(tree.text),
                        ["image", "written by \(number)"],
                        "files of \(number)"
                    )
                    try expectEqual(try listFolder(tree.root), ["d", "f", "own\(number)"], "names in \(number)")
                }
            }
            try openNext()
            for (number, id) in layers.enumerated() {
                if number.isMultiple(of: 9) {
                    try expectEqual(try scene.see(id) { try $0.text("d/g") }, "written by \(number)", "the file later")
                }
                try scene.driver.remove(id)
            }
            try expectEqual(try scene.leftovers(), before, "files in the home")
            try expectEqual(try scene.see(image) { try $0.text("d/g") }, "image", "the image's file")
        },
        Check("eight threads open and close one layer at once, and all see the same") { scene in
            let a = try scene.layer("a") { try $0.file("f", "old") }
            let b = try scene.layer("b", on: a) { try $0.file("f", "new") }
            try inParallel(8) { thread in
                for _ in 0..<10 {
                    try expectEqual(try scene.see(b) { try $0.text("f") }, "new", "the file in thread \(thread)")
                }
            }
            try scene.see(b) { tree in
                try inParallel(8) { thread in
                    for round in 0..<5 {
                        try scene.see(thread.isMultiple(of: 2) ? a : b) { _ = try $0.text("f") }
                        try tree.file("t\(thread)", "\(round)")
                    }
                }
            }
            let names = ["f"] + (0..<8).map { "t\($0)" }
            try expectEqual(try scene.see(b) { try listFolder($0.root) }, names, "the files")
            try scene.driver.remove(b)
            try expect(!scene.driver.contains(b), "the layer can't be removed after all that")
        },
        Check("children of a layer come and go, and are compared with it, while others see it") { scene in
            let a = try scene.layer("a") { try $0.file("f", "old") }
            let b = try scene.layer("b", on: a) { try $0.file("g") }
            try inParallel(6) { thread in
                for round in 0..<6 {
                    switch thread % 3 {
                    case 0:
                        let child = try scene.layer("c\(thread)-\(round)", on: a) { try $0.file("f", "new") }
                        try scene.driver.remove(child)
                    case 1: try expectEqual(try scene.see(a) { try $0.text("f") }, "old", "the file in round \(round)")
                    default:
                        let found = try scene.driver.changes(in: b, since: a).map { "\($0.kind.letter) \($0.path)" }
                        try expectEqual(found, ["A /g"], "the list of changes in round \(round)")
                    }
                }
            }
        },
        Check("a folder of thousands of files, half of them deleted while it is listed, keeps the other half") {
            scene in
            let names = (0..<4000).map { "file-\($0 + 10000)" }
            let a = try scene.layer("a") { tree in
                try tree.folder("d")
                try tree.files(in: "d", names)
                try tree.age()
            }
            let b = try scene.layer("b", on: a) { tree in
                try expectEqual(try tree.deleteEvenOnes(in: "d"), names.count, "names listed")
                try tree.files(in: "d", ["file-new"])
            }
            let left = names.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element) + ["file-new"]
            try expectEqual(try scene.see(b) { try listFolder($0.path("d")) }, left, "names")
            let gone = names.enumerated().filter { $0.offset.isMultiple(of: 2) }.map { "D /d/\($0.element)" }
            let found = try scene.driver.changes(in: b, since: a).map { "\($0.kind.letter) \($0.path)" }
            try expectEqual(found, ["C /d"] + gone + ["A /d/file-new"], "the list of changes")
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            try expectEqual(
                try scene.see(c) { try listFolder($0.path("d")) },
                left,
                "names in the layer made from the tar"
            )
        },
    ]

    /// A layer of an image, with one file.
    private static func applied(_ number: Int, on parent: LayerID?, in scene: Scene) throws -> LayerID {
        var tar = LayerTar()
        tar.file("f\(number)")
        return try scene.apply(tar.finished, as: "l\(number)", on: parent).id
    }

    private static func made(_ name: String, on parent: LayerID, in scene: Scene) throws -> LayerID {
        let id = try scene.id(name)
        try scene.driver.create(id, parent: parent, options: LayerOptions(isWritable: true))
        return id
    }
}

/// For how long a check goes on making more of the same.
struct Patience {
    private let end: ContinuousClock.Instant

    init(seconds: Int) { end = .now + .seconds(seconds) }

    var isOver: Bool { .now >= end }
}
