import Archive
import GraphDrivers
import Linux
import SystemPackage

// Random trees. What a program does to a driver's layer is done to a plain folder too; whatever it was, the layer is as
// the folder, its list of changes and its tar are those of the folder, and the tar makes the same of both.

extension Check {
    static let seeds: [Check] = [
        seed(1, "few names that meet all the time") {
            $0.names = ["a", "b", "c"]
            $0.edits = [30, 90]
        },
        seed(2, "many files in one folder") {
            $0.names = (0..<80).map { "file-\($0)" }
            $0.depth = 1
            $0.edits = [100, 60]
        },
        seed(3, "folders in folders") {
            $0.names = ["d", "e", "f"]
            $0.depth = 12
            $0.favourite = [.makeFolder, .make]
            $0.edits = [70, 60]
        },
        seed(4, "five layers on each other") { $0.edits = [40, 30, 30, 30, 30] },
        seed(5, "folders that are moved, replaced and deleted") {
            $0.favourite = [.makeFolder, .moveFolder, .replace, .delete]
            $0.edits = [60, 60, 30]
        },
        seed(6, "hard links and files that are moved") {
            $0.favourite = [.hardLink, .move, .make]
            $0.edits = [50, 60, 30]
        },
        seed(7, "modes, owners, times and attributes") {
            $0.favourite = [.mode, .owner, .touch, .attribute, .removeAttribute]
            $0.edits = [80, 90]
        },
        seed(8, "large files, cut, grown, with holes") {
            $0.favourite = [.write, .cut, .make]
            $0.largest = 200_000
            $0.edits = [30, 60]
        },
        seed(9, "names that are hard to write down") {
            $0.names = ["new\nline", "quo'te\"", " ", "-rf", "…ü", "back\\slash", "*", "a.b", "a-b", "a", "=,:"]
            $0.edits = [60, 80]
        },
        seed(10, "everything, many times") {
            $0.names = ["a", "b", "c", "d", "e", "f", "g", "h", "i.j", "k-l"]
            $0.edits = [120, 120, 60]
        },
        seed(11, "links, devices and pipes in each other's places") {
            $0.favourite = [.symbolicLink, .special, .replace]
            $0.edits = [50, 60, 20]
        },
        seed(12, "a layer that deletes nearly all") {
            $0.favourite = [.delete, .delete, .make, .makeFolder]
            $0.edits = [90, 90]
        },
    ]

    private static func seed(
        _ seed: UInt64,
        _ what: String,
        _ change: @Sendable (inout RandomEdits.Shape) -> Void
    ) -> Check {
        var shape = RandomEdits.Shape()
        change(&shape)
        return Check("seed \(seed): \(what): a layer is, lists and carries what a plain folder would") {
            [shape] scene in
            var edits = RandomEdits(seed: seed, shape)
            var twin = try Twin(scene)
            for (number, count) in shape.edits.enumerated() {
                let made = edits.next(count)
                do { try twin.addLayer(made) } catch let error as Broken {
                    throw Broken(description: "seed \(seed), layer \(number + 1) of \(count) edits: \(error)")
                }
            }
        }
    }
}

/// A stack of a driver's layers, and a plain folder that should be as the top one.
private struct Twin {
    private let scene: Scene
    private let plain: FilePath
    private let hasAttributes: Bool
    private var top: LayerID?
    private var layers = 0
    private var edits = 0

    init(_ scene: Scene) throws {
        self.scene = scene
        plain = scene.folder.appending("plain")
        try makeFolders(plain, mode: FilePermissions(rawValue: 0o755))
        func knowsAttributes(_ tree: Tree) throws -> Bool {
            try tree.file("probe")
            defer { try? tree.remove("probe") }
            do { try tree.attribute("probe", "user.varve", [1]) } catch is Skipped { return false }
            return true
        }
        let probe = try scene.layer("probe")
        hasAttributes = try knowsAttributes(Tree(root: plain)) && scene.see(probe, knowsAttributes)
        try scene.driver.remove(probe)
    }

    mutating func addLayer(_ edits: [Edit]) throws {
        let before = scene.folder.appending("before")
        try removeTree(before)
        try copyTree(plain, to: before)
        let parent = top
        let layer = try scene.layer("layer\(layers)", on: parent) { tree in
            for (number, edit) in edits.enumerated() {
                for tree in [tree, Tree(root: plain)] {
                    try edit.apply(to: tree, number: self.edits + number, hasAttributes: hasAttributes)
                }
            }
        }
        try compare(layer, parent, before)
        top = layer
        layers += 1
        self.edits += edits.count
    }

    private func compare(_ layer: LayerID, _ parent: LayerID?, _ before: FilePath) throws {
        try expectSame(try scene.record(layer), TreeRecord(plain), "the layer")
        let wanted = try compareTrees(plain, parent == nil ? nil : before)
        let changes = try scene.driver.changes(in: layer, since: parent)
        try expectEqual(changes.map(text), wanted.map(text), "the list of changes")
        let sink = BufferSink()
        try writeLayer(changes: wanted, of: plain, to: sink)
        let tar = try scene.tar(of: layer, since: parent)
        try expectSameTar(tar, sink.bytes, toTheByte: scene.kind.type != nil)
        // `before` becomes what the tar makes of it.
        _ = try extractLayer(BufferSource(tar), into: before, whiteouts: .applied, limits: ArchiveLimits())
        let copy = try scene.apply(tar, as: "copy\(layers)", on: parent).id
        try expectSame(try scene.record(copy), TreeRecord(before), "the layer made from the tar")
        let rest = try (TreeRecord(before), TreeRecord(plain))
        try expectSame(
            rest.0.withoutFolderTimesAndLinks,
            rest.1.withoutFolderTimesAndLinks,
            "the plain folder made from the tar"
        )
    }

    private func text(_ change: Change) -> String { "\(change.kind.letter) \(change.path)" }
}
