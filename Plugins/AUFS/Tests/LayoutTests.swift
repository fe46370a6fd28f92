import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import AUFSDriver

/// At rest a home is as Docker and the kernel's aufs leave it.
@Suite(.serialized) struct LayoutTests {
    @Test("folders and lists of ancestors are Docker's, and whiteouts files, once a layer is closed", arguments: unions)
    func atRest(_ union: String) throws {
        let home = try Home()
        let driver = try home.driver(union)
        let (lower, upper) = try driver.makeTwo()
        let top = try driver.make("top", on: upper)
        #expect(try listFolder(home.path).filter { !$0.hasPrefix(".") }.sorted() == ["diff", "layers", "mnt"])
        let lists = try ["lower", "upper", "top"].map { try home.path.text("layers/\($0)") }
        #expect(lists == ["", "lower\n", "upper\nlower\n"])
        #expect(try home.names("mnt") == ["lower/", "top/", "upper/"])
        #expect(try home.names("diff/upper") == ["d/", "d/.wh.f", "d/g", "e/", "e/.wh..wh..opq", "e/new", "own"])
        for folder in ["", "e"] {
            let attributes = try extendedAttribute(
                "trusted.overlay.opaque",
                at: home.path.appending("diff/upper/\(folder)")
            )
            #expect(attributes == nil)
        }
        #expect(try home.names(".work").isEmpty && home.names(".names").isEmpty)
        #expect(try driver.withTree(of: upper) { try paths(below: $0) } == AUFS.changed)
        for id in [top, upper, lower] { try driver.remove(id) }
        let all = try ["diff", "layers", "mnt", ".work", ".overlay", ".names"].flatMap { try home.names($0) }
        #expect(all.isEmpty)
    }

    @Test("whiteouts of a layer's tar are empty files, and what no aufs can show is left out", arguments: unions)
    func applied(_ union: String) throws {
        let home = try Home()
        let driver = try home.driver(union)
        let lower = try driver.make("lower") { root in
            for name in ["d", "e"] {
                try root.makeFolder(name)
                try root.put("\(name)/f", "old")
            }
            try root.put("f", "old")
        }
        // Made by hand: no driver's diff has such members.
        let files = home.folder.appending("files")
        for name in ["d", "e", ".wh..wh.plnk", ".wh.f", ".wh.f/g"] { try files.makeFolder(name) }
        try files.put("d/.wh.f", "not empty")
        try files.makeFolder("e/.wh..wh..opq")
        try files.put(".wh..wh.plnk/1.1", "aufs's own")
        let tar = BufferSink()
        try writeTree(files, to: tar)
        let id = try layer("upper")
        try driver.create(id, parent: lower, options: LayerOptions())
        _ = try driver.apply(BufferSource(tar.bytes), to: id, parent: lower, limits: ArchiveLimits())
        #expect(try home.names("diff/upper") == [".wh.f", "d/", "d/.wh.f", "e/", "e/.wh..wh..opq"])
        #expect(try home.path.text("diff/upper/d/.wh.f") == "")
        #expect(try driver.withTree(of: id) { try paths(below: $0) } == ["d/", "e/"])
    }

    @Test("a first layer's own files of such names delete nothing, and no tar has them")
    func hostileBase() throws {
        let home = try Home()
        let driver = try home.driver("overlayfs")
        let id = try driver.make("base") { root in
            try root.makeFolder("d")
            for name in ["d/f", ".wh.d", "d/.wh.f", "d/.wh..wh..opq"] { try root.put(name, "a container's own") }
        }
        #expect(try driver.changes(in: id, since: nil) == [Change("/d", .added), Change("/d/f", .added)])
        let child = try driver.make("child", on: id)
        #expect(try driver.withTree(of: child) { try paths(below: $0) } == ["d/", "d/f"])
    }

    @Test("what the kernel's aufs leaves in its branches does not show, and hides what it hid", arguments: unions)
    func madeByAufs(_ union: String) throws {
        let home = try Home()
        try home.branch("base", over: [], ["d/f": "old", "d/g": "old", "e/f": "old", "h": "old"])
        try home.branch("image", over: ["base"], ["own": "new", "e/.wh..wh..opq": "", "e/new": "new"])
        try home.branch("container", over: ["image", "base"], ["mine": "new"])
        for name in ["image", "container"] { try leaveAufsFiles(home.path.appending("diff/\(name)")) }
        let note = home.path.appending("diff/image/.wh..wh.aufs").string
        try home.path.makeFolder("diff/image/d")
        try sys("link") { link(note, home.path.appending("diff/image/d/.wh.f").string) }
        let other = home.path.appending("diff/container/.wh..wh.aufs").string
        for name in [".wh.h", ".wh.own"] {
            try sys("link") { link(other, home.path.appending("diff/container/\(name)").string) }
        }
        let driver = try home.driver(union)
        let (image, container) = (try layer("image"), try layer("container"))
        let shown = ["d/", "d/g", "e/", "e/new"]
        for _ in 0..<2 {
            #expect(try driver.withTree(of: image) { try paths(below: $0) } == shown + ["h", "own"])
            #expect(try driver.withTree(of: container) { try paths(below: $0) } == shown + ["mine"])
        }
        let wanted = [Change("/h", .deleted), Change("/mine", .added), Change("/own", .deleted)]
        #expect(try driver.changes(in: container, since: image) == wanted)
        #expect(try driver.size(of: container, since: image) == 3)
        let rest = try home.names("diff/container").filter { !$0.hasPrefix(".wh..wh.") }
        #expect(rest == [".wh.h", ".wh.own", "mine"])
        #expect(driver.status.first { $0.key == "Dirs" }?.value == "3")
    }

    private func leaveAufsFiles(_ branch: FilePath) throws {
        try branch.put(".wh..wh.aufs", "")
        for name in [".wh..wh.plnk", ".wh..wh.orph"] { try branch.makeFolder(name) }
        try branch.put(".wh..wh.plnk/257.257", "the copy of a file of two names")
    }
}
