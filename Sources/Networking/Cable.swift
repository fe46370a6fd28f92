import Glibc
package import Linux
import SystemPackage

/// What joins a container to a bridge: a pair of interfaces, one a port of the bridge, the other the container's.
package struct Cable: Sendable, Equatable {
    /// The host's end.
    package var port: String
    /// The container's end: `eth0`.
    package var name: String
    package var mac: [UInt8]
    package var mtu: UInt32?
    package var addresses: [InterfaceAddress]
    /// Where what is for no network of the container's own goes; empty: to another network's, or nowhere.
    package var gateways: [IPAddress] = []
    /// Whether it is kept from the others on the bridge.
    package var isIsolated = false
    /// Of `/proc/sys/net`: `ipv4/conf/IFNAME/forwarding` and its value.
    package var settings: [String: String] = [:]

    package init(port: String, name: String, mac: [UInt8], mtu: UInt32?, addresses: [InterfaceAddress]) {
        self.port = port
        self.name = name
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
    }

    /// Plugs it in, between the bridge with number `bridge` and the container; a failure leaves nothing.
    package func plug(into bridge: Int32, of namespace: borrowing NetworkNamespace) throws {
        let socket = try NetlinkSocket()
        let pair = LinkMessages.veth(port, peer: name, mac: mac, mtu: mtu, namespace: namespace.descriptor.rawValue)
        try socket.send([pair])
        do {
            var messages = [LinkMessages.up(port, master: bridge)]
            if isIsolated { messages.append(LinkMessages.isolated(port)) }
            // Without IPv6, and with packets too small for it, the interface has none anyway.
            try? socket.send([LinkMessages.noAddressOfItsOwn(port)])
            try socket.send(messages)
            try namespace.inside { try setUp() }
        } catch {
            try? socket.remove(port)
            throw error
        }
    }

    /// Makes the container's end ready, in its namespace.
    private func setUp() throws {
        if !addresses.contains(where: \.address.isIPv6) { InterfaceSetting.disableIPv6(of: name) }
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            try InterfaceSetting.set(
                key.split(separator: "/").map { $0 == "IFNAME" ? name : String($0) }.joined(separator: "/"),
                value
            )
        }
        let index = try interfaceIndex(name)
        let socket = try NetlinkSocket()
        try socket.send(
            addresses.map { LinkMessages.address($0, on: index) } + [LinkMessages.up(name)]
                + gateways.map { LinkMessages.defaultRoute($0) }
        )
    }

    /// Sends what is for no network of the container's own through `new`, and no longer through `old`.
    package static func changeGateways(
        from old: [IPAddress],
        to new: [IPAddress],
        of namespace: borrowing NetworkNamespace
    ) throws {
        try namespace.inside {
            let socket = try NetlinkSocket()
            // They go with their interface.
            for gateway in old { try? socket.send([LinkMessages.defaultRoute(gateway, remove: true)]) }
            if !new.isEmpty { try socket.send(new.map { LinkMessages.defaultRoute($0) }) }
        }
    }

    /// Takes the pair away, by the host's end; one that is gone already is no error.
    package static func unplug(_ port: String) throws { try NetlinkSocket().remove(port) }
}
