import Linux
import OCI

/// The layers that somebody is about to put in place: each is made by one at a time.
///
/// A layer that turns out to be there already is dropped; without a claim another, half-made one could stand on it.
final class LayerClaims: Sendable {
    private let claimed = Waitable<Set<ChainID>>([])

    /// Runs `body` with a claim on all of `chains`; waits for those who have one on any of them, as long as `giveUp` does
    /// not throw. All are claimed at once, so that no two wait for each other.
    func withClaim<Result>(
        on chains: Set<ChainID>,
        giveUp: () throws -> Void = {},
        _ body: () throws -> Result
    ) throws -> Result {
        func claim(_ claimed: inout Set<ChainID>) -> Void? {
            guard claimed.isDisjoint(with: chains) else { return nil }
            claimed.formUnion(chains)
            return ()
        }
        while claimed.wait(milliseconds: 200, claim) == nil { try giveUp() }
        defer { claimed.withLock { $0.subtract(chains) } }
        return try body()
    }
}
