public import SystemPackage

/// A file descriptor that is closed when its owner goes out of scope.
public struct OwnedDescriptor: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// Takes over `rawValue`, which must be open and nobody else's.
    public init(_ rawValue: CInt) { descriptor = FileDescriptor(rawValue: rawValue) }

    /// The number to hand to system calls while this value lives.
    public var rawValue: CInt { descriptor.rawValue }

    /// Gives the descriptor away, open.
    public consuming func release() -> FileDescriptor {
        let kept = descriptor
        discard self
        return kept
    }

    deinit {
        // Closing can fail only in ways that nobody can act on here; who must know uses `release()`.
        try? descriptor.close()
    }
}
