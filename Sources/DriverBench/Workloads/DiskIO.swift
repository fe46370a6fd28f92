import FoundationEssentials
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// Reading and writing a big file as fast as it goes, sequentially and at random, by fio.
enum DiskIO {
    /// One way to read or write.
    private struct Job {
        let id: String
        let title: String
        let words: [String]
        /// Bytes that a value is about.
        let unit: Int64
        var writes = false
        var isCold = false
    }

    private static let jobs = [
        Job(
            id: "read-cold",
            title: "read a big file of the image, nothing in memory",
            words: ["--rw=read", "--bs=1M", "--ioengine=psync"],
            unit: 1 << 20,
            isCold: true
        ),
        Job(
            id: "read-warm",
            title: "read a big file of the image, all in memory",
            words: ["--rw=read", "--bs=1M", "--ioengine=psync", "--loops=4", "--invalidate=0"],
            unit: 1 << 20
        ),
        Job(
            id: "random-read-direct",
            title: "read 4 KiB anywhere in a big file of the image, past the cache",
            words: ["--rw=randread", "--bs=4k", "--direct=1", "--ioengine=libaio", "--iodepth=16"],
            unit: 4096
        ),
        Job(
            id: "random-read-uring",
            title: "read 4 KiB anywhere in a big file of the image, in memory, by io_uring",
            words: ["--rw=randread", "--bs=4k", "--ioengine=io_uring", "--iodepth=16", "--invalidate=0"],
            unit: 4096
        ),
        Job(
            id: "write",
            title: "write a big new file, and flush it",
            words: ["--rw=write", "--bs=1M", "--ioengine=psync", "--end_fsync=1"],
            unit: 1 << 20,
            writes: true
        ),
        Job(
            id: "random-write-direct",
            title: "write 4 KiB anywhere in a big file of the container, past the cache",
            words: ["--rw=randwrite", "--bs=4k", "--direct=1", "--ioengine=libaio", "--iodepth=16"],
            unit: 4096,
            writes: true
        ),
    ]

    static func workloads(_ scale: Scale) -> [Workload] { jobs.map { workload($0, scale) } }

    private static func workload(_ job: Job, _ scale: Scale) -> Workload {
        let facts = WorkloadFacts(
            id: "io/\(job.id)",
            title: job.title,
            group: job.writes ? .writes : .reads,
            standsFor: "what the disk gives through the driver: databases, big data, media",
            source: "fio jobs of Tarasov et al. (Cluster Computing 2019) and Xu et al. (MSST'17)",
            bytes: job.unit
        )
        return Workload(facts, weight: 1.5, isCold: job.isCold, missing: Program.missing("fio")) { stage in
            let bytes = stage.scale.bigFile
            let image = try stage.image(job.writes ? .stack(1) : .sized(bytes: bytes, count: 1))
            let container = try stage.container(on: image, writes: job.writes)
            let name = job.writes ? "data" : "sized/f0"
            let words = job.words + ["--name=a", "--filename=\(name)", "--size=\(bytes)", "--output-format=json"]
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            return Play(
                before: {
                    // A new file each time; what is to be in memory is read once.
                    if job.id == "write" { unlinkat(container.root, name, 0) }
                    if job.words.contains("--invalidate=0") { try readAll(container.root, name, &buffer) }
                    if job.writes { try stage.settle() }
                },
                told: {
                    try seconds(try fio(words, in: container.tree), job)
                },
                end: { try stage.remove(container) }
            )
        }
    }

    private struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// What it said; if it fails, it tells why between pages of JSON.
    private static func fio(_ words: [String], in folder: FilePath) throws -> String {
        do { return try Program.run(["fio"] + words, in: folder, mostOutput: 1 << 20) } catch let error
            as Command.Failure
        {
            let reasons = error.output.split(separator: "fio: ").dropFirst().filter { !$0.hasPrefix("pid=") }
            guard let reason = reasons.last else { throw error }
            throw Failed(description: "fio \(words[0]): \(reason.prefix(200))")
        }
    }

    private struct Said: Decodable {
        struct Job: Decodable {
            struct Side: Decodable {
                let io_bytes: Double
                /// Milliseconds.
                let runtime: Double
                let iops: Double
                let bw_bytes: Double
            }
            let read: Side
            let write: Side
        }
        let jobs: [Job]
    }

    /// What fio says of its time, per unit: its own start does not count.
    private static func seconds(_ text: String, _ job: Job) throws -> Double {
        let said = try JSONDecoder().decode(Said.self, from: Data(text.drop { $0 != "{" }.utf8))
        guard let side = said.jobs.first.map({ job.writes ? $0.write : $0.read }), side.bw_bytes > 0 else {
            throw SystemError("read what fio says: it moved nothing", .ioError)
        }
        return Double(job.unit) / side.bw_bytes
    }
}
