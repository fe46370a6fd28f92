import Glibc
import GraphDrivers
import Linux

/// Writing on in a big file that has been written to before, and making it durable.
enum BigFile {
    static func workloads(_ scale: Scale) -> [Workload] { [append(scale), overwriteMiddle(scale), flush(scale)] }

    private static func append(_ scale: Scale) -> Workload {
        let facts = WorkloadFacts(
            id: "append/big-file",
            title: "append 4 KiB, 256 times, to a file of \(Words.size(scale.bigFile)) from the image",
            group: .writes,
            standsFor: "logs and journals that came with the image, after their first write",
            source: "docker-storage-benchmark append-to-big-files",
            bytes: 4096
        )
        return Workload(facts) { stage in
            try play(stage, flags: O_APPEND) { file, block, _ in write(file, block.baseAddress, 4096) }
        }
    }

    private static func overwriteMiddle(_ scale: Scale) -> Workload {
        let facts = WorkloadFacts(
            id: "overwrite/big-file",
            title: "overwrite 4 KiB, 256 times all over a file of \(Words.size(scale.bigFile)) from the image",
            group: .writes,
            standsFor: "a database whose file came with the image, after its first write",
            source: "Tarasov et al. (Cluster Computing 2019); BAOverlay SoCC'20",
            bytes: 4096
        )
        return Workload(facts) { stage in
            let step = stage.scale.bigFile / 256
            return try play(stage, flags: 0) { file, block, number in
                pwrite(file, block.baseAddress, 4096, off_t(number * 37 % 256 * step))
            }
        }
    }

    /// 256 writes to the image's big file, which the container has already written to.
    private static func play(
        _ stage: Stage,
        flags: CInt,
        _ write: @escaping (CInt, UnsafeRawBufferPointer, Int) -> Int
    ) throws -> Play {
        let image = try stage.image(.sized(bytes: stage.scale.bigFile, count: 1))
        let block = Tars.noise(4096, 1)
        return .inContainer(
            on: image,
            of: stage,
            operations: 256,
            first: { container in
                _ = try sys("write to the file") {
                    block.withUnsafeBytes { overwrite(container.root, "sized/f0", $0, at: 0) }
                }
            },
            { container in
                let file = OwnedDescriptor(
                    try sys("open the file") { openat(container.root, "sized/f0", O_WRONLY | O_CLOEXEC | flags) }
                )
                try block.withUnsafeBytes { bytes in
                    for number in 0..<256 { try sys("write") { write(file.rawValue, bytes, number) } }
                }
            }
        )
    }

    private static func flush(_ scale: Scale) -> Workload {
        let facts = WorkloadFacts(
            id: "fsync",
            title: "append 4 KiB to a new file and fsync",
            group: .writes,
            standsFor: "each commit of a database, each message of a queue",
            source: "fio fsync jobs; Xu et al. MSST'17; filebench varmail",
            bytes: 4096
        )
        return Workload(facts, weight: 1.2) { stage in
            let image = try stage.image(.stack(1))
            let block = Tars.noise(4096, 1)
            return .inContainer(on: image, of: stage, operations: 20) { container in
                let file = OwnedDescriptor(
                    try sys("make a file") { openat(container.root, "log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) }
                )
                for _ in 0..<20 {
                    try sys("write") { write(file.rawValue, block, block.count) }
                    try sys("fsync") { fsync(file.rawValue) }
                }
            }
        }
    }
}
