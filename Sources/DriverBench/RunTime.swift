/// The time that a run has.
final class RunTime: Sendable {
    private let start = ContinuousClock.now
    /// Seconds.
    let budget: Double

    init(budget: Double) { self.budget = budget }

    /// It is over, while something is prepared or measured that takes longer than that.
    struct Over: Error {}

    var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// Nothing new is begun then.
    var left: Double { budget - elapsed }

    /// What was begun may take a little more; cleaning up is not in it.
    private var most: Double { budget * 1.05 }

    /// Whether what was begun must end now.
    var isOver: Bool { elapsed > most }

    /// Whether something that takes so long ends in time.
    func holds(_ seconds: Double) -> Bool { elapsed + seconds <= most }

    func check() throws { if isOver { throw Over() } }
}

extension Workload {
    /// One or two of each kind of use, and what is dearest last: what a host that is too slow for all of them gets.
    private static let first = [
        "container/1-layers", "unpack/many-small", "copy-up/4KiB", "small/read/lower", "at-once/8", "fsync",
        "small/create", "space/image/disk", "space/container/one-byte", "copy-up/1MiB", "lookup/32-layers",
        "container/32-layers",
    ]

    /// In the order they are measured: those that matter most first, so that they are there if the time does not last.
    static func byImportance(_ workloads: [Workload]) -> [Workload] {
        func place(_ workload: Workload) -> Int { first.firstIndex(of: workload.facts.id) ?? first.count }
        return workloads.enumerated().sorted { one, other in
            (place(one.element), one.offset) < (place(other.element), other.offset)
        }.map(\.element)
    }
}
