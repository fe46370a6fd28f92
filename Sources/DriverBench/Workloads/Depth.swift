import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// What goes with the number of layers: each look for a name may ask every one of them.
enum Depth {
    static func workloads(_ scale: Scale) -> [Workload] { scale.depths.flatMap { [look($0), list($0)] } }

    private static let source = "Slacker FAST'16 (open() through AUFS's layers); moby graphbench DeepLayerRead"

    private static func look(_ depth: Int) -> Workload {
        let facts = WorkloadFacts(
            id: "lookup/\(depth)-layers",
            title: "open and stat a file of the lowest of \(depth) layers, for the first time since the mount",
            group: .depth,
            standsFor: "programs that start from an image with many layers",
            source: source,
            point: .init(curve: "lookup", axis: "layers", x: Double(depth))
        )
        return Workload(facts, weight: 0.8) { stage in
            let image = try stage.image(.stack(depth))
            let names = Names((0..<200).map { "bottom/f\($0)" })
            return fresh(stage, image, operations: names.count) { container in
                var status = stat()
                try names.each("look at a file") { name in
                    let file = openat(container.root, name, O_RDONLY | O_CLOEXEC)
                    if file < 0 { return -1 }
                    return fstat(file, &status) | close(file)
                }
            }
        }
    }

    private static func list(_ depth: Int) -> Workload {
        let facts = WorkloadFacts(
            id: "readdir/\(depth)-layers",
            title: "list a folder of 256 files that \(depth) layers share, for the first time since the mount",
            group: .depth,
            standsFor: "listing and searching folders that many layers have a part of",
            source: source,
            point: .init(curve: "readdir", axis: "layers", x: Double(depth))
        )
        return Workload(facts, weight: 0.8) { stage in
            let image = try stage.image(.stack(depth))
            return fresh(stage, image, operations: 1) { container in
                let folder = OwnedDescriptor(
                    try sys("open a folder") { openat(container.root, "shared", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
                )
                let count = try entries(of: folder.rawValue, "shared").count
                guard count >= 256 else { throw SystemError("list shared: \(count) of 256 names", .ioError) }
            }
        }
    }

    /// A new mount each round, so that nobody remembers the names; the disk's blocks stay in memory.
    private static func fresh(
        _ stage: Stage,
        _ image: LayerID?,
        operations: Int,
        _ body: @escaping (Container) throws -> Void
    ) -> Play {
        var container: Container?
        return Play(
            operations: operations,
            before: { container = try stage.container(on: image, writes: false) },
            timed: { if let container { try body(container) } },
            after: { if let old = container { try stage.remove(old) } }
        )
    }
}
