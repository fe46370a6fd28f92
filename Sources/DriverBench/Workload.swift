import GraphDrivers

/// Something that is measured on every target in the same way.
package struct Workload: Sendable {
    package let facts: WorkloadFacts
    /// How much of the time it gets, beside the others' 1.
    let weight: Double
    /// Whether the kernel's caches are dropped before each round.
    let isCold: Bool
    /// Why it can't run on this host: a program is missing.
    let missing: String?
    /// Makes what the rounds need on one target; not measured.
    let prepare: @Sendable (any Subject) throws -> Play

    init(
        _ facts: WorkloadFacts,
        weight: Double = 1,
        isCold: Bool = false,
        missing: String? = nil,
        prepare: @escaping @Sendable (Stage) throws -> Play
    ) {
        (self.facts, self.weight, self.isCold, self.missing) = (facts, weight, isCold, missing)
        self.prepare = { try prepare($0.asKind(Stage.self)) }
    }

    /// One for daemons.
    init(_ facts: WorkloadFacts, missing: String?, onPeer prepare: @escaping @Sendable (Peer) throws -> Play) {
        (self.facts, weight, isCold, self.missing) = (facts, 1, false, missing)
        self.prepare = { try prepare($0.asKind(Peer.self)) }
    }
}

/// A workload that is ready on one target.
struct Play {
    /// What a round's value is divided by.
    var operations = 1
    /// Before each round, unmeasured: a fresh container, as a rule.
    var before: () throws -> Void = {}
    /// What is measured. What it returns is the value, where that is not the time that it took.
    let measured: () throws -> Double?
    /// After each round, unmeasured.
    var after: () throws -> Void = {}
    /// After the last round.
    var end: () throws -> Void = {}

    /// Rounds of which the time counts.
    init(
        operations: Int = 1,
        before: @escaping () throws -> Void = {},
        timed: @escaping () throws -> Void,
        after: @escaping () throws -> Void = {},
        end: @escaping () throws -> Void = {}
    ) {
        (self.operations, self.before, self.after, self.end) = (operations, before, after, end)
        measured = {
            try timed()
            return nil
        }
    }

    /// Rounds that say their value themselves, in the workload's unit.
    init(
        operations: Int = 1,
        before: @escaping () throws -> Void = {},
        told: @escaping () throws -> Double,
        after: @escaping () throws -> Void = {},
        end: @escaping () throws -> Void = {}
    ) {
        (self.operations, self.before, self.after, self.end) = (operations, before, after, end)
        measured = { try told() }
    }

    /// Rounds in a fresh container each, on an image; `body` works in its tree.
    static func inContainer(
        on image: LayerID?,
        of stage: Stage,
        operations: Int = 1,
        first: @escaping (Container) throws -> Void = { _ in },
        _ body: @escaping (Container) throws -> Void
    ) -> Play {
        var container: Container?
        return Play(
            operations: operations,
            before: {
                let fresh = try stage.container(on: image)
                container = fresh
                try first(fresh)
                try stage.settle()
            },
            timed: { if let container { try body(container) } },
            after: { if let old = container { try stage.remove(old) } }
        )
    }
}
