import GraphDrivers

/// A container's layer from `create` to `rm`, on images of different depth.
enum Life {
    static func workloads(_ scale: Scale) -> [Workload] { scale.depths.map(workload) + [openAndClose()] }

    private static func openAndClose() -> Workload {
        let facts = WorkloadFacts(
            id: "open-close",
            title: "ask the driver for a container's layer and give it back, nothing mounted by the benchmark",
            group: .containers,
            standsFor: "the driver's own part of a start; for a plug-in, the way to it and back",
            source: "moby graphbench Get and Put"
        )
        return Workload(facts, weight: 0.5) { stage in
            let container = try stage.container(on: stage.image(.stack(8)), writes: false)
            try stage.hide(container)
            return Play(
                operations: 50,
                timed: {
                    for _ in 0..<50 {
                        _ = try stage.driver.open(container.id)
                        try stage.driver.close(container.id)
                    }
                },
                end: { try stage.driver.remove(container.id) }
            )
        }
    }

    private static func workload(_ depth: Int) -> Workload {
        let facts = WorkloadFacts(
            id: "container/\(depth)-layers",
            title: "create, mount, unmount and remove a container's layer on \(depth) layers",
            group: .containers,
            standsFor: "what storage adds to each docker run --rm",
            source: "containerd benchsuite Prepare and mount; moby graphbench GetEmpty; bucketbench",
            point: .init(curve: "container", axis: "layers", x: Double(depth))
        )
        return Workload(facts) { stage in
            let image = try stage.image(.stack(depth))
            return Play(
                operations: 4,
                timed: {
                    for _ in 0..<4 { try stage.remove(stage.container(on: image, writes: false)) }
                },
                after: { try stage.settle() }
            )
        }
    }
}

/// Removing what a container wrote.
enum RemoveContainer {
    static func workloads(_ scale: Scale) -> [Workload] {
        let files = scale.smallFiles / 2
        let facts = WorkloadFacts(
            id: "remove-container/\(files)-files",
            title: "remove a container's layer with \(files) files of its own",
            group: .containers,
            standsFor: "docker rm after a build or a job that left many files",
            source: "product-wide users' reports; containerd benchsuite Remove"
        )
        let workload = Workload(facts) { stage in
            let image = try stage.image(.stack(1))
            let names = Names((0..<files).map { "f\($0)" })
            var id: LayerID?
            return Play(
                before: {
                    let container = try stage.container(on: image)
                    id = container.id
                    try names.each("make a file") { makeFile(container.root, $0) }
                    try stage.hide(container)
                    try stage.settle()
                },
                timed: { if let id { try stage.driver.remove(id) } },
                after: {
                    id = nil
                    try stage.settle()
                }
            )
        }
        return [workload]
    }
}
