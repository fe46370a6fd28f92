import Glibc
import GraphDrivers

/// The first write to a file of the image: where drivers differ most.
enum CopyUp {
    static func workloads(_ scale: Scale) -> [Workload] { scale.copyUpSizes.map { workload($0, scale) } }

    private static func workload(_ bytes: Int, _ scale: Scale) -> Workload {
        let count = bytes <= 64 << 10 ? 32 : 1
        let size = Words.size(bytes)
        let facts = WorkloadFacts(
            id: "copy-up/\(size)",
            title: "write one byte to a file of \(size) that the image has",
            group: .writes,
            standsFor: "a program that changes a file which came with its image: a database, a log, a configuration",
            source: "Slacker FAST'16 (1 byte appended to 1 GB: 1.8 s on AUFS); BAOverlay SoCC'20; TotalCOW",
            point: .init(curve: "copy-up", axis: "bytes", x: Double(bytes))
        )
        return Workload(facts, weight: bytes > 64 << 20 ? 2 : 1) { stage in
            let image = try stage.image(.sized(bytes: bytes, count: count))
            let names = Names((0..<count).map { "sized/f\($0)" })
            return .inContainer(on: image, of: stage, operations: count) { container in
                let byte: [UInt8] = [0]
                try byte.withUnsafeBytes { byte in
                    try names.each("write to a file") { overwrite(container.root, $0, byte, at: bytes / 2) }
                }
            }
        }
    }
}

/// Changes of metadata only: some drivers copy the whole file for it.
enum ChangeMode {
    static func workloads(_ scale: Scale) -> [Workload] {
        let files = scale.smallFiles / 2
        let facts = WorkloadFacts(
            id: "chmod/lower",
            title: "change the mode of a small file that the image has",
            group: .writes,
            standsFor: "chown -R and chmod -R in an entry point",
            source: "docker/for-linux: chown of 100,000 files from 25 s to 3m30s"
        )
        let workload = Workload(facts) { stage in
            let image = try stage.image(.manySmall)
            let names = Names((0..<files).map(Tars.smallName))
            return .inContainer(on: image, of: stage, operations: files) { container in
                try names.each("change a file's mode") { fchmodat(container.root, $0, 0o600, 0) }
            }
        }
        return [workload]
    }
}
