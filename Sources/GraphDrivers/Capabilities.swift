/// Optional promises of a driver; a check names the one it needs.
public struct Capabilities: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt32
    /// Holds `rawValue`.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A layer's tar can be applied before its parent's was, so several at once.
    public static let independentApply = Self(rawValue: 1 << 0)
    /// `size=` limits what a container may write.
    public static let quota = Self(rawValue: 1 << 1)
    /// That size is the whole tree's, not only of what the layer adds to its parents; less than they need is refused.
    public static let quotaCoversImage = Self(rawValue: 1 << 2)
    /// Changes are found wherever something was written, also where a file's size and time are as before.
    public static let exactChanges = Self(rawValue: 1 << 3)
    /// `diff` since a layer's own parent is the tar that was applied, byte by byte, so that nobody else need keep what makes
    /// it again. Docker: `ReproducesExactDiffs`.
    public static let sameTars = Self(rawValue: 1 << 4)
}
