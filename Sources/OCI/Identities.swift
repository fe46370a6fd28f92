/// A digest that says what it is the digest of, so that one kind is never taken for another.
package struct Identity<Kind: IdentityKind>: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The digest itself.
    package let digest: Digest

    /// Calls `digest` one of this kind.
    package init(_ digest: Digest) { self.digest = digest }

    /// Parses `sha256:…`; nil if it is not that.
    package init?(_ text: some StringProtocol) {
        guard let digest = Digest(text) else { return nil }
        self.digest = digest
    }

    /// The 64 hex digits.
    package var hex: String { digest.hex }
    /// The first 12 hex digits, as listings show it.
    package var short: String { digest.short }
    /// `sha256:` and the hex digits.
    package var description: String { digest.description }
    /// By their digits.
    package static func < (left: Self, right: Self) -> Bool { left.digest < right.digest }
}

extension Identity: Codable {
    package init(from decoder: any Decoder) throws { digest = try Digest(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }
}

/// What a digest can be of.
package protocol IdentityKind: Sendable {}
/// An image's configuration, byte for byte.
package enum ImageKind: IdentityKind {}
/// A layer's uncompressed tar.
package enum DiffKind: IdentityKind {}
/// A layer and all below it: the digest of `<chain below> <diff>`, or the diff itself at the bottom.
package enum ChainKind: IdentityKind {}

/// SHA-256 of an image's configuration.
package typealias ImageID = Identity<ImageKind>
/// SHA-256 of a layer's uncompressed tar.
package typealias DiffID = Identity<DiffKind>
/// Names a layer together with all that is below it.
package typealias ChainID = Identity<ChainKind>
