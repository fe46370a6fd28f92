package import Linux

/// Ranges of addresses for networks whose users name none.
package struct SubnetPool: Sendable, Equatable {
    package let base: AddressRange
    /// The length of the prefix of each network taken from it.
    package let size: Int

    package init(_ base: AddressRange, size: Int) { (self.base, self.size) = (base, size) }

    /// Docker's (`default-address-pools`).
    package static let standard: [SubnetPool] = [
        ("172.17.0.0/16", 16), ("172.18.0.0/16", 16), ("172.19.0.0/16", 16), ("172.20.0.0/14", 16),
        ("172.24.0.0/14", 16), ("172.28.0.0/14", 16), ("192.168.0.0/16", 20),
    ].compactMap { text, size in AddressRange(text).map { SubnetPool($0, size: size) } }

    /// The first network of `pools` that overlaps none of `taken`.
    package static func free(in pools: [SubnetPool], ipv6: Bool = false, without taken: [AddressRange])
        throws(NetworkError)
        -> AddressRange
    {
        for pool in pools where pool.base.isIPv6 == ipv6 {
            // Of a pool of IPv6 so many are looked at that some is free, if there are as many.
            let count = min(1 << min(pool.size - pool.base.bits, 20), taken.count + 1 << 12)
            for number in 0..<count {
                guard let candidate = pool.base.part(number, bits: pool.size) else { break }
                if !taken.contains(where: candidate.overlaps) { return candidate }
            }
        }
        throw .noSubnet
    }
}
