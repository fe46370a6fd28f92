package import Linux
package import Networking

/// How the daemon's own bridge is to be, and where users' networks get addresses from, under dockerd's names for it.
package struct BridgeSettings: Sendable, Equatable {
    /// `bridge`: empty, one that is made; `none`: no default network; one that is there is taken as it is.
    package var name = ""
    /// `bip`: the bridge's own address, with the length of its network's prefix.
    package var address: InterfaceAddress?
    /// `fixed-cidr`: where containers' addresses come from.
    package var part: AddressRange?
    /// `mtu`; nil: the kernel's.
    package var mtu: UInt32?
    /// `icc`: containers on the default bridge may talk to each other.
    package var isOpen = true
    /// `ip-masq`: what leaves the default bridge gets the host's address.
    package var isMasked = true
    /// `ip`: where ports are published whose users name no address; empty: everywhere.
    package var hostAddress = ""
    /// `default-address-pools`.
    package var pools = SubnetPool.standard
    /// `iptables`, `ip-forward`, `ip-forward-no-drop`.
    package var duties = BridgeNetworks.Duties()

    package init() {}

    /// Whether there is a default network.
    var hasDefault: Bool { name != "none" }
}
