import CLinux
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

// Layers on each other, and several views at once.

extension Check {
    static let views: [Check] = [
        Check("three layers show the files of all three") { scene in
            let a = try scene.layer("a") { try $0.file("a", "1") }
            let b = try scene.layer("b", on: a) { try $0.file("b", "2") }
            let c = try scene.layer("c", on: b) { try $0.file("c", "3") }
            try scene.see(c) { tree in
                try expectEqual(try ["a", "b", "c"].map { try tree.text($0) }, ["1", "2", "3"], "the files")
            }
        },
        Check("the nearest layer's file hides those below") { scene in
            let a = try scene.layer("a") { try $0.file("f", "old") }
            let b = try scene.layer("b", on: a) { try $0.file("f", "newer") }
            let c = try scene.layer("c", on: b)
            try expectEqual(try scene.see(c) { try $0.text("f") }, "newer", "the file")
        },
        Check("a child never changes its parent") { scene in
            let a = try scene.layer("a") { tree in
                try tree.folder("d")
                for name in ["f", "d/g", "d/h"] { try tree.file(name) }
                try tree.hardLink("i", to: "f")
            }
            let record = try scene.record(a)
            try scene.layer("b", on: a) { tree in
                try tree.file("f", "longer content")
                try tree.mode("d/g", 0o600)
                try tree.remove("d/h")
                try tree.owner("d", 7, 7)
                try tree.file("d/new")
                try tree.hardLink("j", to: "i")
            }
            try expectSame(try scene.record(a), record, "the parent")
        },
        Check("a child has its parent's files in the same blocks, where the file system can share them") { scene in
            let text = String(repeating: "block", count: 100_000)
            let a = try scene.layer("a") { try $0.file("f", text) }
            let b = try scene.layer("b", on: a) { try $0.file("g") }
            let blocks = try [a, b].map { id in try scene.see(id) { try firstBlock(of: $0.path("f")) } }
            if blocks[0] == blocks[1] { return }
            try expect(try !canShare(in: scene.folder), "the file was copied, though its blocks could be shared")
            throw Skipped(description: "this file system can't share blocks")
        },
        Check("what a parent gets is not lost when its child is removed") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a)
            try scene.driver.remove(b)
            let c = try scene.layer("c", on: a)
            try expectEqual(try scene.see(c) { try $0.text("f") }, "content", "the file")
        },
        Check("two layers on one parent, open at once, do not see each other's writes") { scene in
            let a = try scene.layer("a") { try $0.file("f", "0") }
            let (b, c) = (try scene.layer("b", on: a), try scene.layer("c", on: a))
            try scene.see(b) { first in
                try scene.see(c) { second in
                    try first.file("f", "1")
                    try second.file("f", "2")
                    try second.file("g")
                    try expectEqual(try [first.text("f"), second.text("f")], ["1", "2"], "the file")
                    try expect(!first.has("g"), "the other's file is to be seen")
                }
            }
        },
        Check("what is written through a view is there when the layer is opened again") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a)
            for round in 1...3 { try scene.see(b) { try $0.file("f", "round \(round)") } }
            try expectEqual(try scene.see(b) { try $0.text("f") }, "round 3", "the file")
        },
        Check("opening a layer twice gives the same view, and closing once more is harmless") { scene in
            let a = try scene.layer("a")
            let b = try scene.layer("b", on: a)
            let views = (try scene.driver.open(b), try scene.driver.open(b))
            try expectEqual(views.0, views.1, "the views")
            for _ in 0..<3 { try scene.driver.close(b) }
            try expect(scene.driver.contains(b), "the layer is gone")
        },
        Check("removing a layer that is open is refused, or harms nothing else") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a) { try $0.file("g") }
            let before = try scene.record(a)
            try scene.see(b) { _ in
                do { try scene.driver.remove(b) } catch { try expect(scene.driver.contains(b), "refused, but gone") }
            }
            try scene.driver.remove(b)
            try expectSame(try scene.record(a), before, "the parent")
            try expect(!scene.driver.contains(b), "the layer is still there")
        },
        Check("eight threads make, open, close and remove layers at once") { scene in
            let base = try scene.layer("base") { try $0.file("f") }
            let before = try scene.leftovers()
            try inParallel(8) { thread in
                for round in 0..<12 {
                    let id = try scene.layer("t\(thread)-\(round)", on: base) { try $0.file("g", "\(thread)") }
                    let text = try scene.see(id) { try $0.text("g") + $0.text("f") }
                    try expectEqual(text, "\(thread)content", "the files")
                    try scene.driver.remove(id)
                }
            }
            try expectEqual(try scene.leftovers(), before, "files in the home")
        },
    ]

    private static func firstBlock(of file: FilePath) throws -> UInt64 {
        let descriptor = OwnedDescriptor(try sys("open \(file)") { open(file.string, O_RDONLY | O_CLOEXEC) })
        var block: UInt64 = 0
        do { try sys("find the blocks of \(file)") { linux_first_extent(descriptor.rawValue, &block) } } catch {
            guard error.errno == .notSupported else { throw error }
            throw Skipped(description: "this file system does not say where its blocks are")
        }
        return block
    }

    private static func canShare(in folder: FilePath) throws -> Bool {
        let (from, to) = (folder.appending("shared"), folder.appending("share"))
        try writeFile(Array("content".utf8), to: from, mode: .ownerReadWrite)
        let source = OwnedDescriptor(try sys("open \(from)") { open(from.string, O_RDONLY | O_CLOEXEC) })
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC
        let target = OwnedDescriptor(try sys("create \(to)") { open(to.string, flags, 0o600) })
        return linux_ficlone(target.rawValue, source.rawValue) == 0
    }
}
