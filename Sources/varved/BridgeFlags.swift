import ArgumentParser

/// The daemon's flags about networks, which are dockerd's; nil or empty: not given.
struct BridgeFlags: ParsableArguments {
    @Option(
        name: [.customShort("b"), .long],
        help: ArgumentHelp(
            "The default network's bridge: a name, or none (default: varve0, or the next that is free).",
            valueName: "name"
        )
    )
    var bridge: String?

    @Option(
        help: ArgumentHelp(
            "The default bridge's own address, as 172.17.0.1/16 (default: from the address pools).",
            valueName: "address"
        )
    )
    var bip: String?

    @Option(
        help: ArgumentHelp("Where containers' addresses come from on the default bridge.", valueName: "network")
    )
    var fixedCidr: String?

    @Option(help: ArgumentHelp("The largest packet on the default bridge (default: 1500).", valueName: "bytes"))
    var mtu: Int?

    @Option(
        help: ArgumentHelp(
            "Let containers on the default bridge talk to each other (default: true).",
            valueName: "true|false"
        )
    )
    var icc: Bool?

    @Option(
        help: ArgumentHelp(
            "Give what leaves the default bridge the host's address (default: true).",
            valueName: "true|false"
        )
    )
    var ipMasq: Bool?

    @Option(help: ArgumentHelp("Make rules of the packet filter (default: true).", valueName: "true|false"))
    var iptables: Bool?

    @Option(
        help: ArgumentHelp("Let the host pass packets on between interfaces (default: true).", valueName: "true|false")
    )
    var ipForward: Bool?

    @Option(
        help: ArgumentHelp(
            "Where the host passes packets on because of this daemon, let through others than containers', too (default: false).",
            valueName: "true|false"
        )
    )
    var ipForwardNoDrop: Bool?

    @Option(
        help: ArgumentHelp(
            "Where ports are published whose users name no address (default: everywhere).",
            valueName: "IP"
        )
    )
    var ip: String?

    @Option(
        help: ArgumentHelp(
            "Where networks get addresses from, as base=10.10.0.0/16,size=24; may be repeated (default: Docker's).",
            valueName: "pool"
        )
    )
    var defaultAddressPool: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where networks by CNI plug-ins are described (default: /etc/cni/net.d).",
            valueName: "folder"
        )
    )
    var cniConfDir: String?

    @Option(
        help: ArgumentHelp(
            "Where CNI's plug-ins are; may be repeated (default: /opt/cni/bin, /usr/lib/cni, /usr/libexec/cni).",
            valueName: "folder"
        )
    )
    var cniBinDir: [String] = []
}
