import Archive
import Glibc
import GraphDrivers

/// What `commit`, `diff` and each step of a build do: find what a container changed, and write it as a tar.
enum Commit {
    static func workloads(_ scale: Scale) -> [Workload] { scale.changed.map { workload($0, scale) } }

    private static func workload(_ changed: Int, _ scale: Scale) -> Workload {
        let facts = WorkloadFacts(
            id: "commit/\(changed)-of-\(scale.smallFiles)",
            title: "write the layer of a container that changed \(changed) of \(scale.smallFiles) files",
            group: .images,
            standsFor: "docker commit, docker diff and every RUN of a build",
            source: "moby graphbench DiffN; users: commit of 60 GB took 40 min on btrfs, 3 h on devicemapper",
            point: scale.changed.count > 1 ? .init(curve: "commit", axis: "files", x: Double(changed)) : nil
        )
        return Workload(facts) { stage in
            let image = try stage.image(.manySmall)
            let container = try stage.container(on: image)
            let names = Names((0..<min(changed, scale.smallFiles)).map(Tars.smallName))
            try [UInt8(0)].withUnsafeBytes { byte in
                try names.each("write to a file") { overwrite(container.root, $0, byte, at: 0) }
            }
            try stage.settle()
            // Nobody else writes there: the same layer can be written again and again.
            return Play(
                timed: { try stage.driver.diff(of: container.id, since: image, to: NullSink()) },
                end: { try stage.remove(container) }
            )
        }
    }
}

/// Takes bytes, and keeps none.
final class NullSink: ByteSink {
    func write(_ bytes: UnsafeRawBufferPointer) {}
}
