/// Ports of the host that shall lead to one of the container: any one of a range, or any that is free.
package struct PortRequest: Codable, Sendable, Equatable {
    /// `tcp`, `udp` or `sctp`.
    package var kind: String
    /// The host's address; empty: all of them.
    package var address: String
    package var first: UInt16
    /// 0, as `first`: any that is free.
    package var last: UInt16
    /// The container's address and port.
    package var target: String
    package var targetPort: UInt16

    package init(kind: String, address: String, ports: ClosedRange<UInt16>, target: String, targetPort: UInt16) {
        self.kind = kind
        self.address = address
        (first, last) = (ports.lowerBound, ports.upperBound)
        self.target = target
        self.targetPort = targetPort
    }
}

/// A port of the host that a monitor holds, so that nobody else gets it.
package struct BoundPort: Codable, Sendable, Equatable {
    package var address: String
    package var port: UInt16

    package init(address: String, port: UInt16) { (self.address, self.port) = (address, port) }
}
