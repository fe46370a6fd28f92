import Glibc

/// A range of IP addresses, as `10.0.0.0/8`.
public struct AddressRange: Sendable, Equatable, CustomStringConvertible {
    /// The first one, as bytes: 4, or 16 of IPv6.
    public let first: [UInt8]
    /// How many bits all of them begin with.
    public let bits: Int
    /// Whether it was written with its first address, and not with another one of it.
    public let isPlain: Bool

    /// Nil where `text` is no such thing.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = Int(parts[1]), let address = Self.address(String(parts[0])),
            0...address.count * 8 ~= bits
        else { return nil }
        self.bits = bits
        first = address.indices.map { address[$0] & Self.mask(bits - $0 * 8) }
        isPlain = first == address
    }

    /// Whether its addresses have 16 bytes.
    public var isIPv6: Bool { first.count == 16 }

    /// Whether `address`, as bytes, is one of them.
    public func contains(_ address: [UInt8]) -> Bool {
        guard address.count == first.count else { return false }
        return address.indices.allSatisfy { address[$0] & Self.mask(bits - $0 * 8) == first[$0] }
    }

    /// Whether some address is in both.
    public func overlaps(_ other: Self) -> Bool { contains(other.first) || other.contains(first) }

    /// With its first address.
    public var description: String { "\(IPAddress(bytes: first))/\(bits)" }

    /// The bytes of an address; nil where it is none.
    public static func address(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// The last one: of IPv4, the one for all.
    public var last: [UInt8] { first.indices.map { first[$0] | ~Self.mask(bits - $0 * 8) } }

    /// The range of so many bits that `number` such ranges come before, in this one; nil: it is not that large.
    public func part(_ number: Int, bits length: Int) -> AddressRange? {
        guard length >= bits, length <= first.count * 8, length - bits < 62, number >> (length - bits) == 0 else {
            return nil
        }
        var bytes = first
        for bit in 0..<min(length, 62) where number >> bit & 1 == 1 {
            let place = length - 1 - bit
            bytes[place / 8] |= 0x80 >> UInt8(place % 8)
        }
        return AddressRange(first: bytes, bits: length)
    }

    private init(first: [UInt8], bits: Int) {
        self.first = first
        self.bits = bits
        isPlain = true
    }

    /// A byte whose first `bits` are set.
    private static func mask(_ bits: Int) -> UInt8 { bits >= 8 ? 0xff : bits <= 0 ? 0 : ~(0xff >> UInt8(bits)) }
}
