import ArgumentParser

/// `varve stop`.
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop containers: their stop signal, then SIGKILL.",
        discussion: "Example: varve stop -t 1 box"
    )

    @Option(
        name: [.customShort("t"), .customLong("time"), .customLong("timeout")],
        parsing: .unconditional,
        help: "Seconds to wait before killing."
    )
    var time: Int?
    @Option(name: .shortAndLong, help: "The signal to send first.") var signal: String?
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        let query = (time.map { [("t", "\($0)")] } ?? []) + (signal.map { [("signal", $0)] } ?? [])
        try each(containers) { try daemon.ask("POST", containerPath($0, "/stop"), query: query) }
    }
}

/// `varve restart`.
struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop containers and start them again.",
        discussion: "Example: varve restart box"
    )

    @Option(
        name: [.customShort("t"), .customLong("time"), .customLong("timeout")],
        parsing: .unconditional,
        help: "Seconds to wait before killing."
    )
    var time: Int?
    @Option(name: .shortAndLong, help: "The signal to send first.") var signal: String?
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        let query = (time.map { [("t", "\($0)")] } ?? []) + (signal.map { [("signal", $0)] } ?? [])
        try each(containers) { try daemon.ask("POST", containerPath($0, "/restart"), query: query) }
    }
}

/// `varve kill`.
struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "Send a signal to containers.",
        discussion: "Example: varve kill -s HUP box"
    )

    @Option(name: .shortAndLong, help: "The signal: a name or a number.") var signal = "KILL"
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        try each(containers) { try daemon.ask("POST", containerPath($0, "/kill"), query: [("signal", signal)]) }
    }
}

/// `varve wait`.
struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until containers stop, and print their exit statuses.",
        discussion: "Example: varve wait box"
    )

    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        try each(containers, echo: false) {
            put("\(try daemon.ask("POST", containerPath($0, "/wait"))["StatusCode"].text())\n")
        }
    }
}

/// `varve rm`.
struct Rm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove containers.",
        discussion: "Example: varve rm -f box"
    )

    @Flag(name: .shortAndLong, help: "Kill it if it runs.") var force = false
    @Flag(name: .shortAndLong, help: "Remove the link of that name, not a container.") var link = false
    @Flag(name: .shortAndLong, help: "Remove its anonymous volumes, too.") var volumes = false
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        let query = [("force", force), ("link", link), ("v", volumes)].filter(\.1).map { ($0.0, "1") }
        try each(containers, echo: false) { name in
            do {
                try daemon.ask("DELETE", containerPath(name), query: query)
                put(name + "\n")
            } catch let failure as Failure where force && failure.http == 404 {
                warn(failure.message)
            }
        }
    }
}

/// `varve diff`.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "List what a container added (A), changed (C) and deleted (D).",
        discussion: "Example: varve diff box"
    )

    @Argument(help: "The container.") var container: String

    func run() throws {
        for change in try Daemon().ask("GET", containerPath(container, "/changes")).elements {
            let kind = ["C", "A", "D"][max(0, min(2, change["Kind"].int ?? 0))]
            put("\(kind) \(change["Path"].string ?? "")\n")
        }
    }
}
