import Linux
import Synchronization

/// What containers have in networks: addresses, and cables.
extension BridgeNetworks {
    /// Gives a container addresses in a network that is up.
    package func lease(_ id: String, _ request: LeaseRequest, interface: String) throws -> Lease {
        try state.withLock { state in
            for address in [request.ipv4, request.ipv6].compactMap({ $0 }) {
                let last = state.leaving.values.filter { $0.network == id && $0.addresses.contains(address) }
                for lease in last { try remove(lease, &state) }
            }
            do throws(NetworkError) { return try take(id, request, interface, &state) } catch {
                // It may be one of those that are just becoming free.
                guard case .noAddress = error, state.leaving.values.contains(where: { $0.network == id }) else {
                    throw error
                }
                for lease in state.leaving.values where lease.network == id { try remove(lease, &state) }
                return try take(id, request, interface, &state)
            }
        }
    }

    private func take(_ id: String, _ request: LeaseRequest, _ interface: String, _ state: inout State)
        throws(NetworkError) -> Lease
    {
        guard let up = state.up[id] else { throw NetworkError.noAddress(id) }
        // Of a failure nothing stays.
        var books = up.books
        var lease = Lease(network: id, port: "veth" + randomHex(bytes: 4).prefix(7), interface: interface, mac: "")
        for (place, subnet) in up.network.subnets.enumerated() {
            let address: IPAddress
            if let asked = subnet.range.isIPv6 ? request.ipv6 : request.ipv4 {
                guard subnet.range.contains(asked.bytes) else { continue }
                try books[place].take(asked)
                address = asked
            } else {
                // One of each kind.
                guard (subnet.range.isIPv6 ? lease.ipv6 : lease.ipv4) == nil else { continue }
                address = try books[place].take()
            }
            lease.take(address, subnet, routed: !up.network.isInternal)
        }
        lease.mac = request.mac ?? Self.mac(for: lease)
        state.up[id]?.books = books
        return lease
    }

    /// The address's own: whoever gets it next has the same, so that nobody remembers a wrong one.
    private static func mac(for lease: Lease) -> String {
        let bytes = lease.addresses.first?.bytes.suffix(4) ?? [0, 0, 0, 0]
        return ([0x02, 0x42] + bytes).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined(separator: ":")
    }

    /// Takes note of what a container has that ran on while there was no daemon.
    package func adopt(_ lease: Lease) {
        state.withLock { state in
            for place in state.up[lease.network]?.books.indices ?? 0..<0 {
                for address in lease.addresses { try? state.up[lease.network]?.books[place].take(address) }
            }
        }
    }

    /// The interface is gone, and the addresses are free again.
    package func giveBack(_ lease: Lease) throws { try state.withLock { try remove(lease, &$0) } }

    private func remove(_ lease: Lease, _ state: inout State) throws {
        // As long as the interface is there nobody else gets the address.
        if !lease.port.isEmpty { try Cable.unplug(lease.port) }
        state.leaving[lease.port] = nil
        for place in state.up[lease.network]?.books.indices ?? 0..<0 {
            for address in lease.addresses { state.up[lease.network]?.books[place].giveBack(address) }
        }
    }

    /// The container has ended: its interfaces go with it, and once `removeLeft` was called its addresses are free again.
    package func letGo(_ lease: Lease) { state.withLock { $0.leaving[lease.port] = lease } }

    /// Removes interfaces of containers that ended which the kernel has not taken away itself: others may share their network.
    ///
    /// Throws the last failure.
    package func removeLeft() throws {
        try state.withLock { state in
            var failure: (any Error)?
            for lease in state.leaving.values { do { try remove(lease, &state) } catch { failure = error } }
            if let failure { throw failure }
        }
    }

    /// Puts the container into the network; what is for elsewhere goes through it where it is `isGateway`.
    package func plug(
        _ lease: Lease,
        _ settings: [String: String],
        isGateway: Bool,
        into namespace: borrowing NetworkNamespace
    ) throws {
        guard let up = state.withLock({ $0.up[lease.network] }) else { throw NetworkError.noAddress(lease.network) }
        let bits = [lease.ipv4 == nil ? nil : lease.bits4, lease.ipv6 == nil ? nil : lease.bits6].compactMap { $0 }
        var cable = Cable(
            port: lease.port,
            name: lease.interface,
            mac: lease.mac.split(whereSeparator: { $0 == ":" || $0 == "-" }).compactMap { UInt8($0, radix: 16) },
            mtu: up.network.mtu,
            addresses: zip(lease.addresses, bits).map { InterfaceAddress($0, bits: $1) }
        )
        cable.gateways = isGateway ? lease.gateways : []
        cable.isIsolated = !up.network.isOpen
        cable.settings = settings
        try cable.plug(into: up.index, of: namespace)
    }
}

extension Lease {
    fileprivate mutating func take(_ address: IPAddress, _ subnet: BridgeNetwork.Subnet, routed: Bool) {
        let gateway = routed ? "\(subnet.gateway)" : nil
        own.append("\(subnet.gateway)")
        if address.isIPv6 {
            (ipv6, bits6, gateway6) = ("\(address)", subnet.range.bits, gateway)
        } else {
            (ipv4, bits4, gateway4) = ("\(address)", subnet.range.bits, gateway)
        }
    }
}
