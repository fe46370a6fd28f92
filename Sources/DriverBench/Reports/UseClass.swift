/// What people do most with containers, and which workloads decide about it.
struct UseClass: Sendable {
    let name: String
    /// In the order that a reader is told of them; a workload counts in the first that takes it.
    let parts: [Part]

    /// Some workloads that share a weight, so that a curve of six points counts no more than one workload.
    struct Part: Sendable {
        let weight: Double
        let takes: @Sendable (WorkloadFacts) -> Bool

        static func group(_ group: WorkloadGroup, _ weight: Double = 1) -> Part {
            Part(weight: weight) { $0.group == group }
        }

        static func named(_ starts: [String], _ weight: Double = 1) -> Part {
            Part(weight: weight) { facts in starts.contains { facts.id.hasPrefix($0) } }
        }

        static func curve(_ curve: String, _ weight: Double = 1) -> Part {
            Part(weight: weight) { $0.point?.curve == curve }
        }
    }

    /// All of them. The weights are guesses at how often each is met; they stand here for everybody to argue with.
    static let all = [
        // Programs start by opening and reading what the image has; folders are listed less.
        UseClass(
            name: "read-heavy",
            parts: [.group(.reads, 2), .curve("lookup"), .curve("readdir", 0.5)]
        ),
        // A first write is met once a file, later writes often: sizes of copy-ups count as one workload each of three.
        // A container that writes had to be made: who copies all of the image then has no first writes left.
        UseClass(
            name: "write-heavy",
            parts: [.curve("copy-up"), .named(["fsync", "overwrite", "append"]), .group(.writes), .curve("container")]
        ),
        // Many at once show locks that one alone does not; the single container is what each of them takes.
        UseClass(
            name: "many-containers",
            parts: [.curve("at once", 2), .curve("container"), .group(.containers)]
        ),
        // Deep ones only: one layer tells nothing about many.
        UseClass(
            name: "many-layers",
            parts: [.named(["unpack/16-layers"]), deep("lookup"), deep("readdir"), deep("container")]
        ),
        UseClass(name: "low-space", parts: [.group(.space)]),
    ]

    private static func deep(_ curve: String) -> Part {
        Part(weight: 1) { $0.point?.curve == curve && ($0.point?.x ?? 0) >= 16 }
    }

    /// The workloads of `all` that count, with their weights; the sum of these is the parts'.
    func weights(_ all: [WorkloadFacts]) -> [(facts: WorkloadFacts, weight: Double)] {
        var left = all
        var found: [(WorkloadFacts, Double)] = []
        for part in parts {
            let own = left.filter(part.takes)
            left.removeAll(where: part.takes)
            found += own.map { ($0, part.weight / Double(own.count)) }
        }
        return found
    }
}
