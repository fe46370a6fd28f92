import ArgumentParser

/// `varve pause`.
struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hold all processes of containers.",
        discussion: "Example: varve pause box"
    )

    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        try each(containers) { try daemon.ask("POST", containerPath($0, "/pause")) }
    }
}

/// `varve unpause`.
struct Unpause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause",
        abstract: "Let the processes of containers go on.",
        discussion: "Example: varve unpause box"
    )

    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        try each(containers) { try daemon.ask("POST", containerPath($0, "/unpause")) }
    }
}

/// `varve port`.
struct Port: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "port",
        abstract: "List a container's published ports, or where one of them is.",
        discussion: "Example: varve port web\nExample: varve port web 80/tcp"
    )

    @Argument(help: "The container.") var container: String
    @Argument(help: "A port of the container: 80, 53/udp.") var port: String?

    func run() throws {
        let found = try Daemon().ask("GET", containerPath(container, "/json"))
        let published = found["NetworkSettings"]["Ports"].fields
        guard let port else {
            let lines = published.flatMap { port, bindings in
                bindings.elements.map { "\(port) -> \(address($0))" }
            }
            return put(lines.sorted(by: comesBefore).map { $0 + "\n" }.joined())
        }
        let name = port.contains("/") ? port.lowercased() : "\(port)/tcp"
        guard Int(name.prefix { $0 != "/" }) != nil else {
            throw Failure(message: "invalid port '\(port)': write it as 80 or 53/udp")
        }
        guard let bindings = published.first(where: { $0.key == name })?.value, !bindings.isNull else {
            throw Failure(message: "Error: No public port '\(port)' published for \(container)")
        }
        put(bindings.elements.map { address($0) + "\n" }.joined())
    }

    private func address(_ binding: JSON) -> String {
        let (host, port) = (binding["HostIp"].string ?? "", binding["HostPort"].string ?? "")
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
