import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// A daemon that is killed leaves its operation half done. The next start finds in its journal which layer that was,
// opens the home anew and removes the layer; these checks kill an operation before each of its system calls that could
// change anything, one after the other, and do the same.

extension Check {
    private static func killed(
        _ promise: String,
        prepare: @escaping @Sendable (Scene, LayerID, LayerID) throws -> Void,
        _ operation: @escaping @Sendable (any GraphDriver, LayerID, LayerID) throws -> Void
    ) -> Check {
        Check(promise) { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.id("b")
            let record = try scene.record(a)
            let before = try scene.leftovers()
            // Once to its end: the copies of this process then need nothing that is made at first use.
            try prepare(scene, a, b)
            try operation(scene.driver, a, b)
            try scene.driver.remove(b)
            for call in 1... {
                try prepare(scene, a, b)
                let isKilled = try runKilled(beforeCall: call) {
                    // A copy that fails ends so that this one hears of it.
                    do { try operation(scene.driver, a, b) } catch { _exit(1) }
                }
                let driver = try scene.reopened()
                for id in [a, b] where driver.contains(id) { try driver.close(id) }
                if driver.contains(b) {
                    _ = try driver.open(b)
                    try driver.close(b)
                }
                try driver.remove(b)
                try expectEqual(try scene.leftovers(), before, "files in the home after a kill before call \(call)")
                try expectSame(try scene.record(a), record, "the parent")
                if !isKilled {
                    try expect(call > 3, "the operation made only \(call - 1) system calls")
                    return
                }
                try expect(call < 3000, "the operation does not end")
            }
        }
    }

    private static func smallTar() -> [UInt8] {
        var tar = LayerTar()
        tar.folder("d")
        tar.file("d/g", "new")
        tar.hardLink("d/h", to: "d/g")
        tar.link("l", to: "f")
        tar.file(".wh.f")
        return tar.finished
    }

    static let crashes: [Check] = [
        killed(
            "a kill at any step of create leaves nothing that the next start does not clean up",
            prepare: { _, _, _ in }
        ) { driver, a, b in try driver.create(b, parent: a, options: LayerOptions(isWritable: true)) },
        killed(
            "a kill at any step of apply leaves nothing that the next start does not clean up",
            prepare: { scene, a, b in try scene.driver.create(b, parent: a, options: LayerOptions()) }
        ) { driver, a, b in
            _ = try driver.apply(BufferSource(smallTar()), to: b, parent: a, limits: ArchiveLimits())
        },
        killed(
            "a kill at any step of remove leaves nothing that the next start does not clean up",
            prepare: { scene, a, b in
                try scene.layer("b", on: a) { tree in
                    try tree.folder("d")
                    try tree.file("d/g")
                    try tree.file("h")
                }
            }
        ) { driver, _, b in try driver.remove(b) },
    ]
}
