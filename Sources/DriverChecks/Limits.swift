import Archive
import GraphDrivers
import Linux
import SystemPackage

// Errors on the way leave nothing.

extension Check {
    /// A layer whose `apply` fails, and is removed: as before, and the next one works.
    private static func failure(
        _ promise: String,
        _ tar: @escaping @Sendable () -> [UInt8],
        _ limits: ArchiveLimits = .init()
    ) -> Check {
        Check(promise) { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let before = try scene.leftovers()
            let record = try scene.record(a)
            let id = try scene.id("b")
            try scene.driver.create(id, parent: a, options: LayerOptions())
            try expectError("apply") {
                _ = try scene.driver.apply(BufferSource(tar()), to: id, parent: a, limits: limits)
            }
            try scene.driver.remove(id)
            try expectEqual(try scene.leftovers(), before, "files in the home")
            try expectSame(try scene.record(a), record, "the parent")
        }
    }

    static let limits: [Check] = [
        failure("a tar that breaks off is refused, and leaves nothing") {
            var tar = LayerTar()
            tar.file("f", "x")
            tar.filled("g", 100_000)
            return Array(tar.finished.prefix(60_000))
        },
        failure("what is no tar is refused, and leaves nothing") {
            (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
        },
        failure(
            "a tar past the limits is refused, and leaves nothing",
            {
                var tar = LayerTar()
                for number in 0..<20 { tar.file("f\(number)", "x") }
                return tar.finished
            },
            entryLimit
        ),
        Check("a full disk stops apply with an error, and leaves nothing") { scene in
            try SmallDisk.use(in: scene.folder) { disk in
                let driver = try Self.small(scene, disk)
                defer { try? driver.release() }
                let (a, b) = (try scene.id("a"), try scene.id("b"))
                try driver.create(a, parent: nil, options: LayerOptions())
                _ = try driver.apply(BufferSource(LayerTar().finished), to: a, parent: nil, limits: ArchiveLimits())
                let before = try TreeRecord.names(below: disk)
                try driver.create(b, parent: a, options: LayerOptions())
                var tar = LayerTar()
                tar.file("small", "x")
                tar.filled("large", 16 << 20)
                try expectError("apply on a full disk") {
                    _ = try driver.apply(BufferSource(tar.finished), to: b, parent: a, limits: ArchiveLimits())
                }
                try driver.remove(b)
                try expectEqual(try TreeRecord.names(below: disk), before, "files on the disk")
                try driver.create(b, parent: a, options: LayerOptions())
                try expect(driver.contains(b), "no layer can be made after the disk was full")
            }
        },
        Check("a disk so full that no layer can be made leaves nothing of it") { scene in
            let disk = scene.folder.appending("disk")
            try makeFolders(disk, mode: FilePermissions(rawValue: 0o755))
            try Mount(type: "tmpfs", source: "tmpfs", options: ["nr_inodes=40"]).make(at: disk)
            defer { try? unmount(disk, detach: true) }
            let driver = try small(scene, disk)
            defer { try? driver.release() }
            var failed = false
            for number in 0..<40 where !failed {
                let before = try TreeRecord.names(below: disk)
                do { try driver.create(scene.id("l\(number)"), parent: nil, options: LayerOptions()) } catch {
                    failed = true
                    try driver.remove(scene.id("l\(number)"))
                    try expectEqual(try TreeRecord.names(below: disk), before, "files on the disk")
                }
            }
            try expect(failed, "40 layers fit into 40 inodes")
        },
    ]

    /// A driver that sets room aside for itself has no place on a small disk; its own tests fill what it set aside.
    private static func small(_ scene: Scene, _ disk: FilePath) throws -> any GraphDriver {
        do { return try scene.other(home: disk.appending("home")) } catch DriverError.unsupported(
            let driver,
            let reason,
            _
        ) {
            throw Skipped(description: "\(driver) does not promise this on so small a disk: \(reason)")
        }
    }

    private static var entryLimit: ArchiveLimits {
        var limits = ArchiveLimits()
        limits.entries = 10
        return limits
    }
}
