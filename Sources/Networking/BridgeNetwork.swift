package import Linux

/// A network of this host, as it was decided that it shall be.
package struct BridgeNetwork: Sendable, Equatable {
    /// A range of addresses and what in it is taken before the first container comes.
    package struct Subnet: Sendable, Equatable {
        package var range: AddressRange
        /// Where containers' addresses come from; nil: all of it.
        package var part: AddressRange?
        package var gateway: IPAddress
        /// Kept for others of that network.
        package var reserved: [IPAddress] = []

        package init(_ range: AddressRange, gateway: IPAddress?) {
            self.range = range
            self.gateway = gateway ?? IPAddress(bytes: range.first).next
        }
    }

    package let id: String
    /// Written to the bridge: whose it is.
    package let label: String
    package var bridge: String
    package var subnets: [Subnet]
    package var isInternal = false
    /// Whether its containers may talk to each other.
    package var isOpen = true
    /// Whether what goes out of it gets the host's address.
    package var isMasked = true
    package var mtu: UInt32?
    /// What containers' interfaces are called, before a number.
    package var prefix = "eth"
    /// Whether the bridge is somebody else's: it is neither made nor removed.
    package var isForeign = false

    package init(id: String, label: String, bridge: String, subnets: [Subnet]) {
        self.id = id
        self.label = label
        self.bridge = bridge
        self.subnets = subnets
    }

    var membership: Rules.Membership {
        var membership = Rules.Membership(bridge: bridge, subnets: subnets.map(\.range))
        (membership.isInternal, membership.isOpen, membership.isMasked) = (isInternal, isOpen, isMasked)
        return membership
    }

    /// The bridge's own.
    var addresses: [InterfaceAddress] { subnets.map { InterfaceAddress($0.gateway, bits: $0.range.bits) } }

    /// One for each range.
    var books: [AddressBook] {
        subnets.map { AddressBook($0.range, range: $0.part, reserved: [$0.gateway] + $0.reserved) }
    }
}

/// What a running container has in one network.
package struct Lease: Sendable, Equatable, Codable {
    /// The network's ID.
    package var network: String
    /// The host's end of the pair of interfaces; empty: a plug-in of somebody else's made it.
    package var port: String
    /// The container's.
    package var interface: String
    package var mac: String
    package var ipv4: String?
    package var bits4: Int = 0
    package var gateway4: String?
    package var ipv6: String?
    package var bits6: Int = 0
    package var gateway6: String?
    /// The bridge's.
    package var own: [String] = []
    /// Plug-ins that are to make it have not said yet what it has; else nil.
    package var expects: Bool?

    package init(network: String, port: String, interface: String, mac: String) {
        self.network = network
        self.port = port
        self.interface = interface
        self.mac = mac
    }

    package var addresses: [IPAddress] { [ipv4, ipv6].compactMap { $0.flatMap(IPAddress.init) } }
    /// The bridge's own addresses: where the name server listens, also where nothing goes out.
    package var servers: [IPAddress] { own.compactMap { IPAddress($0) } }
    package var gateways: [IPAddress] { [gateway4, gateway6].compactMap { $0.flatMap(IPAddress.init) } }
}

/// What a container wants of a network.
package struct LeaseRequest: Sendable, Equatable {
    package var ipv4: IPAddress?
    package var ipv6: IPAddress?
    /// `02:42:ac:11:00:02`; nil: one that goes with the address.
    package var mac: String?
    /// Of `/proc/sys/net`, for its interface.
    package var settings: [String: String] = [:]

    package init() {}
}
