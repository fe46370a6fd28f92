import ArgumentParser
import HTTPClient

/// `varve network …`.
struct NetworkGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Networks: how containers reach each other and the world.",
        discussion: "Example: varve network create back && varve run -d --network back --name db busybox sleep 1000",
        subcommands: [
            NetworkCreate.self, NetworkLs.self, NetworkInspect.self, NetworkConnect.self, NetworkDisconnect.self,
            NetworkRm.self, NetworkPrune.self,
        ]
    )
}

func networkPath(_ name: String, _ rest: String = "") -> String { "/networks/\(ClientRequest.escaped(name))\(rest)" }

/// `varve network ls`.
struct NetworkLs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List networks.",
        discussion: "Example: varve network ls --filter driver=bridge",
        aliases: ["list"]
    )

    @OptionGroup var listing: ListingOptions
    @Option(name: .shortAndLong, help: "Only networks that match: driver=…, name=…, label=…, type=custom") var filter:
        [String] = []

    func run() throws {
        let found = try Daemon().ask("GET", "/networks", query: try filterQuery(filter)).elements
        let networks = found.sorted { comesBefore($0["Name"].string ?? "", $1["Name"].string ?? "") }
        let columns = [
            (header: "NETWORK ID", field: "ID"), (header: "NAME", field: "Name"), (header: "DRIVER", field: "Driver"),
            (header: "SCOPE", field: "Scope"),
        ]
        try Listing(
            columns: columns,
            rows: networks.map(row),
            labels: networks.map { $0["Labels"] },
            headings: ["CreatedAt": "CREATED AT"]
        ).show(format: listing.format, quiet: listing.quiet)
    }

    private func row(_ network: JSON) -> JSON {
        let id = network["Id"].string ?? ""
        func flag(_ name: String) -> JSON { .string(network[name].bool == true ? "true" : "false") }
        return .object([
            (key: "CreatedAt", value: .string(Moment.spoken(network["Created"].string ?? ""))),
            (key: "Driver", value: network["Driver"]),
            (key: "ID", value: .string(listing.noTrunc ? id : shortID(id))),
            (key: "IPv4", value: flag("EnableIPv4")), (key: "IPv6", value: flag("EnableIPv6")),
            (key: "Internal", value: flag("Internal")),
            (key: "Labels", value: .string(joinedPairs(network["Labels"]))),
            (key: "Name", value: network["Name"]), (key: "Scope", value: network["Scope"]),
        ])
    }
}

/// `varve network inspect`.
struct NetworkInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of networks.",
        discussion: "Example: varve network inspect --format '{{json .Containers}}' back"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?
    @Flag(name: .shortAndLong, help: "What helps to find faults, too.") var verbose = false
    @Argument(help: "The networks.") var names: [String]

    func run() throws {
        let daemon = try Daemon()
        let query = verbose ? [("verbose", "true")] : []
        try inspectObjects(names, format: format) { try daemon.ask("GET", networkPath($0), query: query) }
    }
}

/// `varve network connect`.
struct NetworkConnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Connect a container to a network.",
        discussion: "Example: varve network connect --alias db back box"
    )

    @Option(help: "A further name of the container in that network.") var alias: [String] = []
    @Option(help: "Its IPv4 address.") var ip: String?
    @Option(help: "Its IPv6 address.") var ip6: String?
    @Option(help: "Another container, with a name for it: NAME:ALIAS.") var link: [String] = []
    @Option(name: .customLong("link-local-ip"), help: "A link-local address.") var linkLocalIP: [String] = []
    @Option(name: .customLong("driver-opt"), help: "An option of the driver: key=value.") var driverOpt: [String] = []
    @Option(name: .customLong("gw-priority"), parsing: .unconditional, help: "The highest has the default gateway.")
    var gatewayPriority: Int?
    @Argument(help: "The network.") var network: String
    @Argument(help: "The container.") var container: String

    func run() throws {
        var endpoint = Endpoint(name: network)
        (endpoint.aliases, endpoint.links, endpoint.linkLocal) = (alias, link, linkLocalIP)
        (endpoint.ipv4, endpoint.ipv6) = (ip, ip6)
        (endpoint.options, endpoint.priority) = (driverOpt, gatewayPriority)
        let body = JSON.object([
            (key: "Container", value: .string(container)), (key: "EndpointConfig", value: endpoint.body),
        ])
        try Daemon().ask("POST", networkPath(network, "/connect"), body: body)
    }
}

/// `varve network disconnect`.
struct NetworkDisconnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disconnect",
        abstract: "Disconnect a container from a network.",
        discussion: "Example: varve network disconnect back box"
    )

    @Flag(name: .shortAndLong, help: "Also where the container does not answer.") var force = false
    @Argument(help: "The network.") var network: String
    @Argument(help: "The container.") var container: String

    func run() throws {
        let body = JSON.object([(key: "Container", value: .string(container)), (key: "Force", value: .bool(force))])
        try Daemon().ask("POST", networkPath(network, "/disconnect"), body: body)
    }
}

/// `varve network rm`.
struct NetworkRm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove networks that no container is connected to.",
        discussion: "Example: varve network rm back",
        aliases: ["remove"]
    )

    @Flag(name: .shortAndLong, help: "It is no error that there is none.") var force = false
    @Argument(help: "The networks.") var names: [String]

    func run() throws {
        let daemon = try Daemon()
        try each(names, echo: false) { name in
            do {
                try daemon.ask("DELETE", networkPath(name))
                put(name + "\n")
            } catch let failure as Failure where force && failure.http == 404 {}
        }
    }
}
