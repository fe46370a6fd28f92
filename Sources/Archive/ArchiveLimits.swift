/// How much an archive may ask for; past a limit it is refused, and nothing of it stays.
public struct ArchiveLimits: Sendable, Equatable {
    /// Most members one archive may have.
    public var entries = 2_000_000
    /// Most components a path may have.
    public var depth = 256
    /// Longest component of a path, in bytes (`NAME_MAX`).
    public var nameLength = 255
    /// Most bytes that members may expand to, in all.
    public var expandedBytes: Int64 = 128 << 30
    /// Most bytes that one compressed byte may become, counted once 64 MiB came out. Zeros by gzip become 1,030.
    public var ratio = 500

    /// The limits that hold when nobody chose others.
    public init() {}
}
