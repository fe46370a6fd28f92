package import Linux

/// Which addresses of a range are given out: in turn, so that one that was given back is not another's at once.
package struct AddressBook: Sendable {
    private let subnet: AddressRange
    /// Where those come from that nobody asked for.
    private let range: AddressRange
    private var taken: Set<IPAddress>
    private var latest: IPAddress?

    /// `reserved` are never given out: the gateway, and what the user keeps.
    package init(_ subnet: AddressRange, range: AddressRange?, reserved: [IPAddress]) {
        self.subnet = subnet
        self.range = range ?? subnet
        taken = Set(reserved)
        taken.insert(IPAddress(bytes: subnet.first))
        if !subnet.isIPv6, subnet.bits < 31 { taken.insert(IPAddress(bytes: subnet.last)) }
        if subnet.bits >= (subnet.isIPv6 ? 127 : 31) { taken.remove(IPAddress(bytes: subnet.first)) }
        taken.formUnion(reserved)
    }

    /// The next free one.
    package mutating func take() throws(NetworkError) -> IPAddress {
        let first = IPAddress(bytes: range.first)
        var candidate = latest?.next ?? first
        // Among one more than are taken, one is free, if there are as many.
        for _ in 0...(taken.count + 1) {
            if !range.contains(candidate.bytes) { candidate = first }
            if taken.insert(candidate).inserted {
                latest = candidate
                return candidate
            }
            candidate = candidate.next
        }
        throw .noAddress("\(range)")
    }

    /// That very one.
    package mutating func take(_ address: IPAddress) throws(NetworkError) {
        guard subnet.contains(address.bytes) else { throw .noAddress("\(subnet)") }
        guard taken.insert(address).inserted else { throw .addressInUse("\(address)") }
    }

    package mutating func giveBack(_ address: IPAddress) { taken.remove(address) }
}
