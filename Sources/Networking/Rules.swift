package import Linux

/// The commands for the packet filter that make networks what they are.
///
/// One table a daemon. A network is an element in a few sets and a published port one in a map: however many there are, a
/// packet is looked up once.
///
///     table inet varve
///       set bridges            ours
///       set pairs              from bridge . to bridge: who may talk without being asked
///       set inward             bridges of internal networks: nothing goes out
///       set masked4/6          whose packets leave with the host's address
///       map ports4/6           address . protocol . port of the host → address . port of the container
///       map any4/6             the same, of every address of the host
///
/// What containers send to a published port is not led on: one that speaks to itself that way would hear itself on its bridge.
/// The monitor's proxy passes it on.
package struct Rules: Sendable {
    /// The table's name.
    package let table: String

    package init(table: String) { self.table = table }

    /// What holds for one network.
    package struct Membership: Sendable, Equatable {
        package var bridge: String
        package var subnets: [AddressRange]
        package var isInternal = false
        /// Whether its containers may talk to each other.
        package var isOpen = true
        /// Whether what goes out gets the host's address.
        package var isMasked = true

        package init(bridge: String, subnets: [AddressRange]) { (self.bridge, self.subnets) = (bridge, subnets) }
    }

    /// A port of the host that leads to one of a container.
    package struct PublishedPort: Sendable, Hashable {
        /// `tcp`, `udp` or `sctp`.
        package var kind: String
        /// Nil: every address.
        package var address: IPAddress?
        package var port: UInt16
        package var target: IPAddress
        package var targetPort: UInt16

        package init(kind: String, address: IPAddress?, port: UInt16, target: IPAddress, targetPort: UInt16) {
            self.kind = kind
            self.address = address
            self.port = port
            self.target = target
            self.targetPort = targetPort
        }
    }

    /// The table without anything in it, whatever it was before.
    ///
    /// Of the families in `guarding` it stops what is neither from nor to a bridge: the host would pass none on if it weren't
    /// for us.
    package func fresh(guarding: Set<String>) -> String {
        """
        add table inet \(table)
        delete table inet \(table)
        table inet \(table) {
            set bridges { type ifname; }
            set pairs { type ifname . ifname; }
            set inward { type ifname; }
            set masked4 { type ipv4_addr; flags interval; }
            set masked6 { type ipv6_addr; flags interval; }
            map ports4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
            map ports6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
            map any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
            map any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        \(translation)
        \(filter(guarding: guarding))
        }

        """
    }

    /// Which addresses become others: those of published ports, and of what goes out.
    private var translation: String {
        """
        chain published {
            dnat ip to ip daddr . meta l4proto . th dport map @ports4
            dnat ip to meta l4proto . th dport map @any4
            dnat ip6 to ip6 daddr . meta l4proto . th dport map @ports6
            dnat ip6 to meta l4proto . th dport map @any6
        }
        chain prerouting {
            type nat hook prerouting priority dstnat; policy accept;
            iifname @bridges return
            fib daddr type local jump published
        }
        chain output {
            type nat hook output priority -100; policy accept;
            ip daddr 127.0.0.0/8 return
            ip6 daddr ::1 return
            fib daddr type local jump published
        }
        chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            ip saddr @masked4 oifname != @bridges masquerade
            ip6 saddr @masked6 oifname != @bridges masquerade
        }
        """
    }

    /// What is let through.
    private func filter(guarding: Set<String>) -> String {
        // Interfaces of hardware are of no kind: a comparison with one is never true, and never false.
        """
        chain others {
            meta iifkind "bridge" accept
            meta oifkind "bridge" accept
        \(guarding.sorted().map { "    meta nfproto \($0) drop" }.joined(separator: "\n"))
            accept
        }
        chain forward {
            type filter hook forward priority filter; policy accept;
            iifname != @bridges oifname != @bridges jump others
            ct state vmap { established : accept, related : accept, invalid : drop }
            ct status dnat oifname @bridges accept
            iifname . oifname @pairs accept
            oifname @bridges drop
            iifname @inward drop
        }
        """
    }

    /// Takes the whole table away; it is no error if there is none.
    package var gone: String { "add table inet \(table)\ndelete table inet \(table)\n" }

    /// Adds a network, or takes it away.
    package func change(_ network: Membership, add: Bool) -> String {
        let bridge = "\"\(network.bridge)\""
        var text = element(add, "bridges", bridge)
        if network.isOpen { text += element(add, "pairs", "\(bridge) . \(bridge)") }
        if network.isInternal { text += element(add, "inward", bridge) }
        for subnet in network.subnets {
            let family = subnet.isIPv6 ? "6" : "4"
            if network.isMasked, !network.isInternal { text += element(add, "masked\(family)", "\(subnet)") }
        }
        return text
    }

    /// Adds published ports, or takes them away; those of the host to itself need no rule.
    package func change(_ ports: [PublishedPort], add: Bool) -> String {
        ports.filter { $0.address?.isLoopback != true }.map { port in
            let family = port.target.isIPv6 ? "6" : "4"
            let key = port.address.map { "\($0) . " } ?? ""
            let value = add ? " : \(port.target) . \(port.targetPort)" : ""
            return element(
                add,
                (port.address == nil ? "any" : "ports") + family,
                "\(key)\(port.kind) . \(port.port)\(value)"
            )
        }.joined()
    }

    private func element(_ add: Bool, _ set: String, _ element: String) -> String {
        "\(add ? "add" : "delete") element inet \(table) \(set) { \(element) }\n"
    }
}
