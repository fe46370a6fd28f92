import Glibc
import Linux
import SystemPackage

/// A bridge of the host, into which a network's containers are plugged.
package struct Bridge: Sendable, Equatable {
    package var name: String
    /// Its own, which are the containers' gateways.
    package var addresses: [InterfaceAddress]
    package var mtu: UInt32?

    package init(_ name: String, _ addresses: [InterfaceAddress], mtu: UInt32?) {
        self.name = name
        self.addresses = addresses
        self.mtu = mtu
    }

    /// Makes it, or takes the one up that is there and bears `owner`; gives its number, and whether it is new.
    ///
    /// Throws where there is an interface of that name that is somebody else's.
    package func make(owner: String) throws -> (index: Int32, isNew: Bool) {
        let socket = try NetlinkSocket()
        if let there = try socket.links().first(where: { $0.name == name }) {
            guard there.alias == owner else { throw NetworkError.taken(name, by: there.alias) }
            return (there.index, false)
        }
        // Locally administered, and one that stays: a bridge without takes that of whoever was plugged in last.
        var random = SystemRandomNumberGenerator()
        let mac: [UInt8] = [0x02, 0x42] + (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
        try socket.send([LinkMessages.bridge(name, mac: mac, mtu: mtu)])
        do {
            try socket.send([LinkMessages.owner(owner, of: name)])
            let index = try interfaceIndex(name)
            if !addresses.contains(where: \.address.isIPv6) { InterfaceSetting.disableIPv6(of: name) }
            try socket.send(addresses.map { LinkMessages.address($0, on: index) } + [LinkMessages.up(name)])
            return (index, true)
        } catch {
            try? socket.remove(name)
            throw error
        }
    }

    /// Removes it; one that is gone already is no error.
    package static func remove(_ name: String) throws { try NetlinkSocket().remove(name) }
}

/// The number of an interface in the calling thread's network namespace.
func interfaceIndex(_ name: String) throws(SystemError) -> Int32 {
    let index = if_nametoindex(name)
    guard index > 0 else { throw SystemError("find the interface \(name)", Errno(rawValue: errno)) }
    return Int32(index)
}

/// Why a network can't be as it was asked for.
package enum NetworkError: Error, Equatable, CustomStringConvertible {
    case taken(String, by: String)
    case noSubnet
    case noAddress(String)
    case addressInUse(String)
    case firewall(String)
    case nameServer(String)

    /// Whether another request would be carried out.
    package var isTheUsers: Bool {
        switch self {
        case .taken, .noSubnet, .noAddress, .addressInUse: true
        case .firewall, .nameServer: false
        }
    }

    package var description: String {
        switch self {
        case .taken(let name, let owner):
            "there is an interface \(name) already" + (owner.isEmpty ? "" : ", of \(owner)")
                + ": remove it, or choose another name (com.docker.network.bridge.name, or the daemon's --bridge)"
        case .noSubnet:
            "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network: "
                + "name one with --subnet"
        case .noAddress(let range): "no available IPv4 addresses on this network's address pools: \(range)"
        case .addressInUse(let address): "Address already in use: \(address)"
        case .firewall(let why): "rules of the packet filter (nftables): \(why)"
        case .nameServer(let why): "names of containers: \(why)"
        }
    }
}
