/// A SHA-256 digest in its written form, `sha256:` and 64 lower-case hex digits.
package struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 64 hex digits; safe to be a file's name.
    package let hex: String

    /// Parses `sha256:…`; nil for any other algorithm, length or alphabet.
    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: text.dropFirst(7))
    }

    /// Takes the bare hex digits; nil unless they are 64 of `0-9a-f`.
    package init?(hex: some StringProtocol) {
        let isHex = hex.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard hex.utf8.count == 64, isHex else { return nil }
        self.hex = String(hex)
    }

    /// Writes 32 raw bytes, as a hash function returns them, in hex.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// `sha256:` and the hex digits.
    package var description: String { "sha256:\(hex)" }

    /// The first 12 digits, which people are shown.
    package var short: String { String(hex.prefix(12)) }

    /// By their digits: an order to print them in.
    package static func < (left: Self, right: Self) -> Bool { left.hex < right.hex }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a sha256 digest: \(text)")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
