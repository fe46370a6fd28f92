/// What one run found out: the file that `--json` writes, and all that tables, pages and comparisons are made of.
package struct Report: Codable, Sendable {
    /// The format of such files that this program writes; it refuses to read a higher one.
    package static let format = 1

    /// How a run ended.
    package enum Ending: String, Codable, Sendable {
        /// It measured all that it was asked for, as far as the time allowed.
        case finished
        /// Somebody, or an error, stopped it: `reason` says; what is there was measured.
        case stopped
    }

    package var format = Self.format
    /// What was typed.
    package var command: [String]
    /// When it began, as `2026-11-23T01:02:03Z`.
    package var started: String
    /// How long it took, in seconds.
    package var seconds: Double = 0
    package var ending = Ending.stopped
    /// Why it stopped early.
    package var reason: String?
    package var plan: PlanFacts
    package var host: HostFacts
    package var noise = Noise()
    /// The rows of a table about one workload: drivers, the plain folders beside them, daemons.
    package var targets: [TargetFacts] = []
    package var workloads: [WorkloadFacts] = []
    /// One for each workload and target that was come to, in the order measured.
    package var results: [Measurement] = []
    /// What went wrong beside the workloads.
    package var problems: [String] = []

    package init(command: [String], started: String, plan: PlanFacts, host: HostFacts) {
        (self.command, self.started, self.plan, self.host) = (command, started, plan, host)
    }

    /// What was measured of `workload` on `target`.
    package func measurement(_ workload: String, _ target: String) -> Measurement? {
        results.first { $0.workload == workload && $0.target == target }
    }
}

/// How much a run was to do.
package struct PlanFacts: Codable, Sendable, Equatable {
    /// `quick`, `default` or `full`: sizes and numbers of files go with it.
    package var scale: String
    /// The time it was given, in seconds.
    package var budget: Double
    /// At least so many rounds each, whatever they take.
    package var rounds: Int
    /// What the order of targets and the bootstrap are drawn from.
    package var seed: UInt64
    /// The image that was unpacked, where one was given.
    package var image: String?

    package init(scale: String, budget: Double, rounds: Int, seed: UInt64, image: String? = nil) {
        (self.scale, self.budget, self.rounds, self.seed, self.image) = (scale, budget, rounds, seed, image)
    }
}

/// Where it was measured.
package struct HostFacts: Codable, Sendable, Equatable {
    package var kernel = ""
    package var architecture = ""
    package var processor = ""
    package var processors = 0
    /// Bytes.
    package var memory: Int64 = 0
    /// Whether the processor says that this is a virtual machine.
    package var isVirtual = false
    /// `/proc/loadavg` when it began.
    package var load = ""
    /// Varve's version.
    package var version = ""
    /// Versions of the programs that workloads use: `["fio": "fio-3.33"]`.
    package var programs: [String: String] = [:]

    package init() {}
}

/// How much the machine itself varied while all was measured.
package struct Noise: Codable, Sendable, Equatable {
    /// The spread of a loop that only computes: (third − first quartile) / median.
    package var processor: Double = 0
    /// The spread of a small write that is flushed to the disk, the same way.
    package var disk: Double = 0
    /// The part of the processors' time that a hypervisor gave to others.
    package var stolen: Double = 0
    /// How often these were taken.
    package var count = 0

    package init() {}
}

/// One row: something that is measured.
package struct TargetFacts: Codable, Sendable, Equatable {
    /// What a row is.
    package enum Kind: String, Codable, Sendable {
        /// Plain folders of the same file system: what the host itself takes.
        case plain
        /// A storage driver.
        case driver
        /// A daemon, over its API.
        case peer
    }

    /// Its name in tables, unique in a report: `overlay2`, `btrfs@/mnt/b`, `plain@/mnt/b`.
    package var id: String
    package var kind: Kind
    /// The driver's or the peer's name.
    package var name: String
    /// As given: `key=value`.
    package var options: [String] = []
    /// Where its scratch folder was; a peer's address.
    package var place = ""
    /// `ext4`, and how it was mounted.
    package var fileSystem = ""
    package var mountOptions = ""
    /// The block device, and what is known of it: `/dev/vda, virtio, not rotating`.
    package var device = ""
    /// The plain folder that it is compared with; nil for that one itself and for peers.
    package var baseline: String?
    /// What the driver says of itself, in order.
    package var status: [String] = []
    /// Why nothing could be measured on it.
    package var unsupported: String?

    package init(id: String, kind: Kind, name: String) { (self.id, self.kind, self.name) = (id, kind, name) }

    /// Whether its file system is in a file, and so slower than one that lies on the disk itself.
    package var isInFile: Bool { place.hasPrefix("loop:") }
}

/// One thing that was measured on each target.
package struct WorkloadFacts: Codable, Sendable, Equatable {
    /// What a value counts.
    package enum Unit: String, Codable, Sendable {
        case seconds
        case bytes
    }

    /// A point of a curve: the same workload for several sizes or depths.
    package struct Point: Codable, Sendable, Equatable {
        /// What the points have in common: `copy-up`.
        package var curve: String
        /// What changes from point to point: `bytes`, `layers`, `containers`.
        package var axis: String
        package var x: Double

        package init(curve: String, axis: String, x: Double) { (self.curve, self.axis, self.x) = (curve, axis, x) }
    }

    /// What users give to `--workload`: `copy-up/1MiB`.
    package var id: String
    /// What a value is, in words for a chart's head: `first write to a file of 1 MiB`.
    package var title: String
    /// The part of life it belongs to: `containers`, `writes`, …
    package var group: WorkloadGroup
    /// A sentence on what it stands for.
    package var standsFor: String
    /// Which paper or tool lists it.
    package var source: String
    /// Smaller is better, always.
    package var unit: Unit
    /// How many bytes one operation moves, where a rate says more.
    package var bytes: Int64?
    package var point: Point?

    package init(
        id: String,
        title: String,
        group: WorkloadGroup,
        standsFor: String,
        source: String,
        unit: Unit = .seconds,
        bytes: Int64? = nil,
        point: Point? = nil
    ) {
        (self.id, self.title, self.group, self.standsFor) = (id, title, group, standsFor)
        (self.source, self.unit, self.bytes, self.point) = (source, unit, bytes, point)
    }
}

/// What a verdict is about: workloads that people meet together.
package enum WorkloadGroup: String, Codable, Sendable, CaseIterable {
    /// Unpacking, committing, removing images.
    case images
    /// Making, opening and removing containers' layers, one and many.
    case containers
    /// Reading what is below.
    case reads
    /// First writes, overwriting, new files.
    case writes
    /// What goes with the number of layers.
    case depth
    /// Programs that people run.
    case programs
    /// Disk and memory.
    case space
    /// Whole operations of a daemon.
    case daemon
}
