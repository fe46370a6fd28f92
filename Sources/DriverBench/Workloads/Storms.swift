import Glibc
import GraphDrivers

/// Many names moved and made at once.
enum Storms {
    static func workloads(_ scale: Scale) -> [Workload] {
        [
            storm("rename", "rename a file", "package managers and editors, which write aside and rename in", scale) {
                renameat($0, $1, $0, $2)
            },
            storm("hard-link", "make a hard link", "backup tools, package stores, git", scale) {
                linkat($0, $1, $0, $2, 0)
            },
        ]
    }

    private static func storm(
        _ id: String,
        _ title: String,
        _ standsFor: String,
        _ scale: Scale,
        _ call: @escaping @Sendable (CInt, UnsafePointer<CChar>, UnsafePointer<CChar>) -> CInt
    ) -> Workload {
        let facts = WorkloadFacts(
            id: id,
            title: "\(title) of the image",
            group: .writes,
            standsFor: standsFor,
            source: "pjdfstest and xfstests generic names; moby graphtest; Tarasov et al. (Cluster Computing 2019)"
        )
        let files = scale.smallFiles / 2
        return Workload(facts) { stage in
            let image = try stage.image(.manySmall)
            let old = Names((0..<files).map(Tars.smallName))
            let new = Names((0..<files).map { Tars.smallName($0) + ".new" })
            return .inContainer(on: image, of: stage, operations: files) { container in
                var number = 0
                try old.each(title) { name in
                    defer { number += 1 }
                    return call(container.root, name, new[number])
                }
            }
        }
    }
}
