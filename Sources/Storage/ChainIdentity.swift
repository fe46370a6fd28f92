import Hashing
package import OCI

extension Identity where Kind == ChainKind {
    /// The chain of `diff` on top of `parent`: `image-spec/config.md`, "Layer ChainID".
    package init(_ diff: DiffID, on parent: ChainID?) {
        self.init(parent.map { OCI.Digest.of("\($0) \(diff)".utf8) } ?? diff.digest)
    }
}

extension ChainID {
    /// The chains that begin with the first of `diffs`, bottom first, one for each.
    package static func all(_ diffs: some Sequence<DiffID>) -> [ChainID] {
        diffs.reduce(into: []) { $0.append(ChainID($1, on: $0.last)) }
    }

    /// The chain of all of `diffs`, bottom first; nil for none.
    package static func of(_ diffs: some Sequence<DiffID>) -> ChainID? {
        diffs.reduce(nil) { ChainID($1, on: $0) }
    }
}
