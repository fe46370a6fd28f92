public import SystemPackage

/// One difference between a tree and the tree it came from.
public struct Change: Sendable, Hashable {
    /// What happened to the path; raw values as in Docker's API.
    public enum Kind: Int, Sendable {
        /// It is in both trees and differs, or something below it does.
        case modified = 0
        /// It is only in the new tree.
        case added = 1
        /// It is only in the old tree; what was below it is not listed.
        case deleted = 2
    }

    /// The path within the tree, absolute (`/etc/passwd`), bytes as the file system has them.
    public var path: FilePath
    /// What happened to it.
    public var kind: Kind

    /// Says that `path` was `kind`.
    public init(_ path: FilePath, _ kind: Kind) {
        self.path = path
        self.kind = kind
    }
}
