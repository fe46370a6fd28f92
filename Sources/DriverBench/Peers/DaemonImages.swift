/// What daemons do with whole images.
enum DaemonImages {
    static let workloads = [load, pull, remove, commit]

    /// No layer of it is there before: a daemon that has some does not unpack them.
    private static var load: Workload {
        let facts = WorkloadFacts(
            id: "daemon/load",
            title: "load an image from an archive",
            group: .daemon,
            standsFor: "docker load: unpacking an image from a file, with the daemon's checks and records",
            source: "moby's and containerd's issues about slow unpacking; HelloBench's pull without the registry"
        )
        return workload(facts) { peer in
            Play(
                before: {
                    try peer.removeImage()
                    try peer.settle()
                },
                timed: { try peer.load() },
                after: { try peer.settle() }
            )
        }
    }

    private static var pull: Workload {
        let facts = WorkloadFacts(
            id: "daemon/pull",
            title: "pull an image from a registry on this host",
            group: .daemon,
            standsFor: "docker pull without a network's share: fetch, check, unpack and record layers",
            source: "HelloBench (Harter et al., FAST'16): pulling is 76 % of a container's start"
        )
        return workload(facts) { peer in
            try peer.removeImage()
            return Play(
                before: { try peer.settle() },
                timed: { try peer.pull() },
                after: { try peer.removePulled() }
            )
        }
    }

    private static var remove: Workload {
        let facts = WorkloadFacts(
            id: "daemon/rmi",
            title: "remove an image",
            group: .daemon,
            standsFor: "docker rmi and what prune does with each image",
            source: "crictl's benchmarks of images; users of many images (moby issues about rmi and prune)"
        )
        return workload(facts) { peer in
            Play(
                before: {
                    try peer.needImage()
                    try peer.settle()
                },
                timed: { try peer.removeImage() }
            )
        }
    }

    private static var commit: Workload {
        let facts = WorkloadFacts(
            id: "daemon/commit",
            title: "commit a container that made 200 files",
            group: .daemon,
            standsFor: "docker commit and each RUN of a build: find, pack and record what changed",
            source: "moby graphbench DiffN, over the API; users: commit of 60 GB took 40 min on btrfs"
        )
        return workload(facts) { peer in
            try peer.needImage()
            let container = try peer.containers.ended(DaemonContainers.making(200))
            var made: String?
            return Play(
                before: { try peer.settle() },
                timed: { made = try peer.commit(container) },
                after: { if let name = made { try peer.removeImage(name) } },
                end: { try peer.containers.remove(container) }
            )
        }
    }

    static func workload(
        _ facts: WorkloadFacts,
        _ prepare: @escaping @Sendable (Peer) throws -> Play
    ) -> Workload {
        Workload(facts, missing: PeerImage.missing, onPeer: prepare)
    }
}
