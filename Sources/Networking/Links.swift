import CLinux
import Glibc
package import Linux
import SystemPackage

/// An address of an interface, with how much of it its network shares.
package struct InterfaceAddress: Sendable, Hashable, CustomStringConvertible {
    package let address: IPAddress
    package let bits: Int

    package init(_ address: IPAddress, bits: Int) { (self.address, self.bits) = (address, bits) }

    package var description: String { "\(address)/\(bits)" }

    var family: Int32 { address.isIPv6 ? AF_INET6 : AF_INET }
}

/// An interface as the kernel lists it.
package struct Link: Sendable, Equatable {
    package var index: Int32
    package var name: String
    /// What whoever made it wrote to it: whose it is.
    package var alias: String
}

/// What is asked of rtnetlink, as messages.
enum LinkMessages {
    /// A new bridge.
    static func bridge(_ name: String, mac: [UInt8], mtu: UInt32?) -> NetlinkMessage {
        let flags = Int(LINUX_NLM_CREATE) | Int(LINUX_NLM_EXCL)
        var message = NetlinkMessage("make the bridge \(name)", Int(LINUX_RTM_NEWLINK), flags: flags)
        message.link()
        message.add(Int(LINUX_IFLA_IFNAME), name)
        message.add(Int(LINUX_IFLA_ADDRESS), mac)
        if let mtu { message.add(Int(LINUX_IFLA_MTU), mtu) }
        message.nest(Int(LINUX_IFLA_LINKINFO)) { $0.add(Int(LINUX_IFLA_INFO_KIND), "bridge") }
        return message
    }

    /// Writes to an interface whose it is; one that is only being made takes no such note.
    static func owner(_ owner: String, of name: String) -> NetlinkMessage {
        var message = NetlinkMessage("label the interface \(name)", Int(LINUX_RTM_SETLINK))
        message.link()
        message.add(Int(LINUX_IFLA_IFNAME), name)
        message.add(Int(LINUX_IFLA_IFALIAS), Array(owner.utf8))
        return message
    }

    /// A pair of interfaces: one here, the other in the namespace that is open as `namespace`.
    static func veth(_ name: String, peer: String, mac: [UInt8], mtu: UInt32?, namespace: CInt) -> NetlinkMessage {
        let flags = Int(LINUX_NLM_CREATE) | Int(LINUX_NLM_EXCL)
        var message = NetlinkMessage("make the interfaces \(name) and \(peer)", Int(LINUX_RTM_NEWLINK), flags: flags)
        message.link()
        message.add(Int(LINUX_IFLA_IFNAME), name)
        if let mtu { message.add(Int(LINUX_IFLA_MTU), mtu) }
        message.nest(Int(LINUX_IFLA_LINKINFO)) { info in
            info.add(Int(LINUX_IFLA_INFO_KIND), "veth")
            info.nest(Int(LINUX_IFLA_INFO_DATA)) { data in
                data.nest(Int(LINUX_VETH_INFO_PEER)) { other in
                    other.link()
                    other.add(Int(LINUX_IFLA_IFNAME), peer)
                    other.add(Int(LINUX_IFLA_ADDRESS), mac)
                    if let mtu { other.add(Int(LINUX_IFLA_MTU), mtu) }
                    other.add(Int(LINUX_IFLA_NET_NS_FD), UInt32(bitPattern: namespace))
                }
            }
        }
        return message
    }

    /// The interface gives itself no address of IPv6.
    static func noAddressOfItsOwn(_ name: String) -> NetlinkMessage {
        var message = NetlinkMessage("keep \(name) without addresses", Int(LINUX_RTM_SETLINK))
        message.link()
        message.add(Int(LINUX_IFLA_IFNAME), name)
        message.nest(Int(LINUX_IFLA_AF_SPEC)) { families in
            families.nest(Int(AF_INET6)) {
                $0.add(Int(LINUX_IFLA_INET6_ADDR_GEN_MODE), [UInt8(LINUX_IN6_ADDR_GEN_MODE_NONE)])
            }
        }
        return message
    }

    /// The interface is up, and a port of the bridge `master`, if that is given.
    static func up(_ name: String, master: Int32? = nil) -> NetlinkMessage {
        var message = NetlinkMessage("set \(name) up", Int(LINUX_RTM_SETLINK))
        message.link(flags: UInt32(LINUX_IFF_UP), changing: UInt32(LINUX_IFF_UP))
        message.add(Int(LINUX_IFLA_IFNAME), name)
        if let master { message.add(Int(LINUX_IFLA_MASTER), UInt32(bitPattern: master)) }
        return message
    }

    /// The port of a bridge talks to the bridge only, and not to others of its kind.
    static func isolated(_ name: String) -> NetlinkMessage {
        // Of SETLINK the kernel acknowledges it, and does nothing.
        var message = NetlinkMessage("keep \(name) from its neighbours", Int(LINUX_RTM_NEWLINK))
        message.link()
        message.add(Int(LINUX_IFLA_IFNAME), name)
        message.nest(Int(LINUX_IFLA_LINKINFO)) { info in
            info.add(Int(LINUX_IFLA_INFO_SLAVE_KIND), "bridge")
            info.nest(Int(LINUX_IFLA_INFO_SLAVE_DATA)) { $0.add(Int(LINUX_IFLA_BRPORT_ISOLATED), [1]) }
        }
        return message
    }

    static func remove(_ name: String) -> NetlinkMessage {
        var message = NetlinkMessage("remove the interface \(name)", Int(LINUX_RTM_DELLINK))
        message.link()
        message.add(Int(LINUX_IFLA_IFNAME), name)
        return message
    }

    /// Gives the interface an address, at once: nobody is asked whether it is taken.
    static func address(_ own: InterfaceAddress, on index: Int32) -> NetlinkMessage {
        let flags = Int(LINUX_NLM_CREATE) | Int(LINUX_NLM_EXCL)
        var message = NetlinkMessage("give the address \(own)", Int(LINUX_RTM_NEWADDR), flags: flags)
        message.address(family: own.family, bits: own.bits, index: index)
        message.add(Int(LINUX_IFA_LOCAL), own.address.bytes)
        message.add(Int(LINUX_IFA_ADDRESS), own.address.bytes)
        if own.address.isIPv6 { message.add(Int(LINUX_IFA_FLAGS), UInt32(LINUX_IFA_F_NODAD)) }
        return message
    }

    /// What is on no network of its own goes through `gateway`.
    static func defaultRoute(_ gateway: IPAddress, remove: Bool = false) -> NetlinkMessage {
        let flags = remove ? 0 : Int(LINUX_NLM_CREATE) | Int(LINUX_NLM_EXCL)
        let type = Int(remove ? LINUX_RTM_DELROUTE : LINUX_RTM_NEWROUTE)
        var message = NetlinkMessage("the default route by \(gateway)", type, flags: flags)
        message.route(family: gateway.isIPv6 ? AF_INET6 : AF_INET, bits: 0, scope: Int(LINUX_RT_SCOPE_UNIVERSE))
        message.add(Int(LINUX_RTA_GATEWAY), gateway.bytes)
        return message
    }
}

extension NetlinkSocket {
    /// All interfaces.
    package func links() throws(SystemError) -> [Link] {
        var request = NetlinkMessage("list the interfaces", Int(LINUX_RTM_GETLINK), flags: Int(LINUX_NLM_DUMP))
        request.link()
        return try list(request).map { answer in
            let attributes = answer.attributes(after: 16)
            func text(_ key: Int) -> String {
                String(decoding: (attributes[key] ?? []).prefix { $0 != 0 }, as: UTF8.self)
            }
            return Link(
                index: Int32(bitPattern: answer.number(at: 4)),
                name: text(Int(LINUX_IFLA_IFNAME)),
                alias: text(Int(LINUX_IFLA_IFALIAS))
            )
        }
    }

    /// The addresses of an interface.
    package func addresses(of index: Int32) throws(SystemError) -> [InterfaceAddress] {
        var request = NetlinkMessage("list the addresses", Int(LINUX_RTM_GETADDR), flags: Int(LINUX_NLM_DUMP))
        request.address(family: AF_UNSPEC, bits: 0, index: 0)
        return try list(request).compactMap { answer in
            guard Int32(bitPattern: answer.number(at: 4)) == index, answer.body.count > 1 else { return nil }
            let attributes = answer.attributes(after: 8)
            guard let bytes = attributes[Int(LINUX_IFA_LOCAL)] ?? attributes[Int(LINUX_IFA_ADDRESS)],
                [4, 16].contains(bytes.count)
            else { return nil }
            return InterfaceAddress(IPAddress(bytes: bytes), bits: Int(answer.body[1]))
        }
    }

    /// What this host reaches by routes of its own, the default route left out.
    package func routes() throws(SystemError) -> [AddressRange] {
        var request = NetlinkMessage("list the routes", Int(LINUX_RTM_GETROUTE), flags: Int(LINUX_NLM_DUMP))
        request.route(family: AF_UNSPEC, bits: 0, scope: 0)
        return try list(request).compactMap { answer in
            guard answer.body.count >= 12, answer.body[1] > 0, answer.body[4] == UInt8(LINUX_RT_TABLE_MAIN),
                let bytes = answer.attributes(after: 12)[Int(LINUX_RTA_DST)], [4, 16].contains(bytes.count)
            else { return nil }
            return AddressRange("\(IPAddress(bytes: bytes))/\(answer.body[1])")
        }
    }

    /// Removes an interface, and with one of a pair the other; one that is gone already is no error.
    package func remove(_ name: String) throws(SystemError) {
        do throws(SystemError) { try send([LinkMessages.remove(name)]) } catch {
            guard error.errno.rawValue == ENODEV else { throw error }
        }
    }
}
