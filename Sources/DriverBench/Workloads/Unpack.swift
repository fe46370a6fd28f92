import Archive
import GraphDrivers

/// What `pull` and `load` do with each layer once it is there: its tar becomes files.
enum Unpack {
    static func workloads(_ scale: Scale, hasImage: Bool) -> [Workload] {
        let made = [
            workload("unpack/many-small", .manySmall, "unpack \(scale.smallFiles) small files", 1.5),
            workload("unpack/few-large", .fewLarge, "unpack \(scale.largeFiles) files of 4 MiB", 1),
            workload("unpack/16-layers", .stack(16), "unpack 16 layers", 1),
        ]
        return hasImage ? made + [workload("unpack/given", .given, "unpack the given image", 2)] : made
    }

    private static func workload(_ id: String, _ recipe: Recipe, _ title: String, _ weight: Double) -> Workload {
        let facts = WorkloadFacts(
            id: id,
            title: title,
            group: .images,
            standsFor: "pulling or loading an image: the layers' tars are there, and become files on the disk",
            source: "moby graphbench DiffApply, containerd benchsuite (16 layers), containerd's EROFS figures"
        )
        return Workload(facts, weight: weight) { stage in
            let tars = try stage.tars.layers(of: recipe, stage.scale)
            var made: [LayerID] = []
            return Play(
                timed: {
                    made = try stage.unpack(tars)
                    try stage.settle()  // an image counts when it is on the disk
                },
                after: {
                    try stage.removeLayers(made)
                    made = []
                    try stage.settle()
                }
            )
        }
    }
}

/// What `rmi` does.
enum RemoveImage {
    static func workloads(_ scale: Scale) -> [Workload] {
        let facts = WorkloadFacts(
            id: "remove-image/many-small",
            title: "remove a layer of \(scale.smallFiles) small files",
            group: .images,
            standsFor: "removing an image, or pruning those that nobody uses",
            source: "containerd benchsuite Remove; users' reports of slow rmi (moby#22278)"
        )
        let workload = Workload(facts, weight: 1.2) { stage in
            let tars = try stage.tars.layers(of: .manySmall, stage.scale)
            var made: [LayerID] = []
            return Play(
                before: {
                    made = try stage.unpack(tars)
                    try stage.settle()
                },
                timed: { try stage.removeLayers(made) },
                after: {
                    made = []
                    try stage.settle()
                }
            )
        }
        return [workload]
    }
}
