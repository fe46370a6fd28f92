import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// What layers take: of the disk by its own count, by the files', and by the driver's.
enum Space {
    static func workloads(_ scale: Scale) -> [Workload] {
        let big = Words.size(scale.bigFile)
        return [
            image("apparent", "what the driver says that it takes") { stage, layers in
                try stage.driver.size(of: layers.last ?? stage.newID(), since: nil)
            },
            image("allocated", "blocks of its files and folders") { stage, _ in
                try diskUsage(of: stage.home, blocks: true)
            },
            image("disk", "what the file system has less") { stage, _ in try used(stage) },
            container("empty", "a container's layer on 8 layers, nothing written", .stack(8)) { _ in },
            container(
                "one-byte",
                "a container's layer after one byte in a file of \(big)",
                .sized(bytes: scale.bigFile, count: 1)
            ) {
                container in
                let byte: [UInt8] = [0]
                _ = try sys("write") { byte.withUnsafeBytes { overwrite(container.root, "sized/f0", $0, at: 1 << 20) } }
            },
        ]
    }

    private static func facts(_ id: String, _ title: String) -> WorkloadFacts {
        WorkloadFacts(
            id: "space/\(id)",
            title: title,
            group: .space,
            standsFor: "how many images and containers a disk holds",
            source: "users' reports (devicemapper 3–4 times overlay); Zhao et al. TPDS'21",
            unit: .bytes
        )
    }

    /// How much more it is with the image of many small files than without.
    private static func image(
        _ id: String,
        _ title: String,
        _ measure: @escaping @Sendable (Stage, [LayerID]) throws -> Int64
    ) -> Workload {
        Workload(facts("image/\(id)", "an image of many small files: \(title)"), weight: 0.5) { stage in
            let tars = try stage.tars.layers(of: .manySmall, stage.scale)
            var layers: [LayerID] = []
            return Play(
                told: {
                    try stage.settle()
                    let before = id == "apparent" ? 0 : try measure(stage, [])
                    layers = try stage.unpack(tars)
                    try stage.settle()
                    return Double(max(0, try measure(stage, layers) - before))
                },
                after: {
                    try stage.removeLayers(layers)
                    layers = []
                    try stage.settle()
                }
            )
        }
    }

    private static func container(
        _ id: String,
        _ title: String,
        _ recipe: Recipe,
        _ body: @escaping @Sendable (Container) throws -> Void
    ) -> Workload {
        Workload(facts("container/\(id)", "\(title): what the file system has less"), weight: 0.5) { stage in
            let image = try stage.image(recipe)
            var container: Container?
            return Play(
                told: {
                    try stage.settle()
                    let before = try used(stage)
                    let fresh = try stage.container(on: image, writes: false)
                    container = fresh
                    if !(stage.driver is Plain) { try body(fresh) }
                    try stage.settle()
                    return Double(max(0, try used(stage) - before))
                },
                after: { if let old = container { try stage.remove(old) } }
            )
        }
    }

    /// Bytes that the file system below has in use.
    private static func used(_ stage: Stage) throws -> Int64 {
        var status = statvfs()
        try sys("look how full \(stage.folder) is") { statvfs(stage.folder.string, &status) }
        return Int64(status.f_blocks - status.f_bfree) * Int64(status.f_frsize)
    }
}

/// Memory: who reads the same file of an image shares it, or has a copy each.
enum PageCache {
    static func workloads(_ scale: Scale) -> [Workload] {
        let facts = WorkloadFacts(
            id: "memory/4-containers",
            title: "page cache when 4 containers read the same file of \(Words.size(scale.bigFile))",
            group: .space,
            standsFor: "how many containers of one image fit into memory",
            source: "OpenShift's table of drivers (page-cache sharing); Tarasov et al.",
            unit: .bytes
        )
        let workload = Workload(facts, isCold: true) { stage in
            let image = try stage.image(.sized(bytes: stage.scale.bigFile, count: 1))
            let containers = try (0..<4).map { _ in try stage.container(on: image, writes: false) }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            return Play(
                told: {
                    let before = try cached()
                    for container in containers { try readAll(container.root, "sized/f0", &buffer) }
                    return Double(max(0, try cached() - before))
                },
                end: { for container in containers { try stage.remove(container) } }
            )
        }
        return [workload]
    }

    /// Bytes of files in memory, as `/proc/meminfo` counts them.
    private static func cached() throws -> Int64 {
        let text = String(decoding: try readFile("/proc/meminfo"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("Cached:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0) << 10
    }
}
