extension Workload {
    /// What a first look of two minutes has no time for.
    private static let notQuick: Set<String> = [
        "io/read-warm", "io/random-read-uring", "io/random-write-direct", "git", "compile", "container/8-layers",
        "lookup/8-layers", "readdir/8-layers", "unpack/few-large", "space/image/allocated", "small/stat/upper",
    ]

    /// Those of drivers, in the order they are measured: what is short and decides first, if the time is over sooner.
    package static func all(_ scale: Scale, hasImage: Bool = false) -> [Workload] {
        let all =
            Life.workloads(scale) + CopyUp.workloads(scale) + AtOnce.workloads(scale)
            + Unpack.workloads(scale, hasImage: hasImage) + RemoveImage.workloads(scale) + Commit.workloads(scale)
            + SmallFiles.workloads(scale) + Depth.workloads(scale) + BigFile.workloads(scale) + Space.workloads(scale)
            + PageCache.workloads(scale) + RemoveContainer.workloads(scale) + ChangeMode.workloads(scale)
            + Storms.workloads(scale) + Programs.workloads(scale) + DiskIO.workloads(scale)
        return scale.name == Scale.quick.name ? all.filter { !notQuick.contains($0.facts.id) } : all
    }

    /// Those of daemons.
    package static func ofDaemons(_ scale: Scale) -> [Workload] {
        DaemonImages.workloads + DaemonContainers.workloads(scale)
    }
}
