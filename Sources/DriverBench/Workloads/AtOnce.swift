import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// Many containers at one moment: a node that starts again, a job queue.
enum AtOnce {
    static func workloads(_ scale: Scale) -> [Workload] { scale.atOnce.map(workload) }

    private static func workload(_ count: Int) -> Workload {
        let facts = WorkloadFacts(
            id: "at-once/\(count)",
            title: "a container's layer, \(count) at once: create, mount, read 20 files, write one, remove",
            group: .containers,
            standsFor: "starting many containers of one image at the same moment",
            source: "bucketbench (threads × iterations); DADI ATC'20; containerd-stress",
            point: .init(curve: "at once", axis: "containers", x: Double(count))
        )
        return Workload(facts, weight: 1.2) { stage in
            let image = try stage.image(.stack(8))
            var ids: [LayerID] = []
            return Play(
                operations: count,
                before: { ids = try (0..<count).map { _ in try stage.newID() } },
                timed: {
                    let (driver, folder, all) = (stage.driver, stage.folder, ids)
                    try inParallel(count, width: count) { number in
                        try live(all[number], on: image, driver, in: folder)
                    }
                },
                after: { try stage.settle() }
            )
        }
    }

    /// One of them; it cleans up for itself, since others go on.
    private static func live(
        _ id: LayerID,
        on image: LayerID?,
        _ driver: any GraphDriver,
        in folder: FilePath
    ) throws {
        try driver.create(id, parent: image, options: LayerOptions(isWritable: true))
        do {
            let container = try Container(id, driver.open(id), at: folder.appending("mnt/\(id)"))
            defer { try? container.hide() }
            var buffer = [UInt8](repeating: 0, count: 512)
            for file in 0..<20 { try readAll(container.root, "bottom/f\(file)", &buffer) }
            let own = "own-\(id)"
            try sys("make a file") { makeFile(container.root, own) }
            // Plain folders show the image's own, which others look at, too.
            if driver is Plain { try sys("delete a file") { unlinkat(container.root, own, 0) } }
        } catch {
            try? driver.close(id)
            try? driver.remove(id)  // the first error is the one to report
            throw error
        }
        try driver.close(id)
        try driver.remove(id)
    }
}
