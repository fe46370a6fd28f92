import Linux

/// What daemons do with containers.
enum DaemonContainers {
    static func workloads(_ scale: Scale) -> [Workload] {
        [run, create, startStop, execute, remove] + scale.atOnce.filter { $0 > 1 }.map(atOnce)
    }

    /// Words that make so many files of 512 bytes in a container.
    static func making(_ count: Int) -> [String] {
        let step = "/varve-bench/busybox dd if=/dev/zero of=/made/f$i bs=512 count=1 2>/dev/null"
        let loop = "i=0; while [ $i -lt \(count) ]; do \(step) || exit 1; i=$((i+1)); done"
        return ["sh", "-c", "/varve-bench/busybox mkdir /made && { \(loop); }"]
    }

    private static let sleeping = ["sleep", "3600"]

    private static var run: Workload {
        let facts = WorkloadFacts(
            id: "daemon/run",
            title: "create, start, wait for and remove a container that does nothing",
            group: .daemon,
            standsFor: "docker run --rm, without a network and without the client's own time",
            source: "bucketbench; containerd-stress; HelloBench's run"
        )
        return DaemonImages.workload(facts) { peer in
            try peer.needImage()
            return Play(timed: { try live(peer.containers) }, after: { try peer.settle() })
        }
    }

    private static var create: Workload {
        let facts = WorkloadFacts(
            id: "daemon/create",
            title: "create a container",
            group: .daemon,
            standsFor: "docker create: the layer, the settings, the records",
            source: "bucketbench; nydus's benchmark, which takes pull, create and run apart"
        )
        return DaemonImages.workload(facts) { peer in
            try peer.needImage()
            var made: [String] = []
            return Play(
                operations: 4,
                timed: { for _ in 0..<4 { made.append(try peer.containers.create(["true"])) } },
                after: {
                    for id in made { try peer.containers.remove(id) }
                    made = []
                    try peer.settle()
                }
            )
        }
    }

    private static var startStop: Workload {
        let facts = WorkloadFacts(
            id: "daemon/start-stop",
            title: "start a container and stop it at once",
            group: .daemon,
            standsFor: "docker start and stop (by SIGKILL, so that nobody waits): mounts, the runtime, the end",
            source: "bucketbench's run and stop; containerd-stress"
        )
        return DaemonImages.workload(facts) { peer in
            try peer.needImage()
            let container = try peer.containers.create(sleeping)
            return Play(
                timed: {
                    try peer.containers.start(container)
                    try peer.containers.stop(container)
                },
                after: { try peer.settle() },
                end: { try peer.containers.remove(container) }
            )
        }
    }

    private static var execute: Workload {
        let facts = WorkloadFacts(
            id: "daemon/exec",
            title: "run a program in a running container and read what it says",
            group: .daemon,
            standsFor: "docker exec and each check of health",
            source: "bucketbench; users: slow health checks and probes"
        )
        return DaemonImages.workload(facts) { peer in
            try peer.needImage()
            let container = try peer.containers.create(sleeping)
            try peer.containers.start(container)
            return Play(
                timed: {
                    let said = try peer.containers.execute(["echo", "here"], in: container)
                    guard String(decoding: said, as: UTF8.self).contains("here") else {
                        throw PeerError("read what a program in a container says", "\(said.count) bytes, not 'here'")
                    }
                },
                end: { try peer.containers.remove(container) }
            )
        }
    }

    private static var remove: Workload {
        let facts = WorkloadFacts(
            id: "daemon/rm",
            title: "remove a container that made 500 files",
            group: .daemon,
            standsFor: "docker rm after a build or a job",
            source: "containerd benchsuite Remove, over the API; bucketbench's remove"
        )
        return DaemonImages.workload(facts) { peer in
            try peer.needImage()
            var container: String?
            return Play(
                before: {
                    container = try peer.containers.ended(making(500))
                    try peer.settle()
                },
                timed: { if let id = container { try peer.containers.remove(id) } }
            )
        }
    }

    private static func atOnce(_ count: Int) -> Workload {
        let facts = WorkloadFacts(
            id: "daemon/at-once/\(count)",
            title: "a container's whole life, \(count) at once",
            group: .daemon,
            standsFor: "starting many containers of one image at the same moment",
            source: "bucketbench (threads × iterations); containerd-stress; DADI ATC'20",
            point: .init(curve: "daemon at once", axis: "containers", x: Double(count))
        )
        return DaemonImages.workload(facts) { peer in
            try peer.needImage()
            let fresh = peer.maker
            return Play(
                operations: count,
                timed: { try inParallel(count, width: count) { _ in try live(fresh()) } },
                after: { try peer.settle() }
            )
        }
    }

    private static func live(_ containers: PeerContainers) throws {
        try containers.remove(containers.ended(["true"]))
    }
}
