import ArgumentParser

/// `varve rename`.
struct Rename: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a container another name.",
        discussion: "Example: varve rename box old-box"
    )

    @Argument(help: "The container.") var container: String
    @Argument(help: "Its new name.") var name: String

    func run() throws {
        try Daemon().ask("POST", containerPath(container, "/rename"), query: [("name", name)])
    }
}

/// `varve update`.
struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change what can be changed of containers.",
        discussion: "Example: varve update --memory 512m --restart unless-stopped box"
    )

    @OptionGroup var resources: ResourceOptions
    @Option(help: "no, always, unless-stopped, on-failure[:n].") var restart: String?
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        var fields = try resources.fields()
        if let restart { fields.append((key: "RestartPolicy", value: try restartPolicy(restart))) }
        guard !fields.isEmpty else {
            throw Failure(
                message: "you must provide one or more flags when using this command; see varve update --help"
            )
        }
        let body = JSON.object(fields)
        try each(containers) { name in
            for warning in try daemon.ask("POST", containerPath(name, "/update"), body: body)["Warnings"].elements {
                warn("WARNING: \(shown(warning))")
            }
        }
    }
}

/// `on-failure:3` as the daemon wants it.
func restartPolicy(_ text: String?) throws -> JSON {
    let parts = (text ?? "no").split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 1 || Int(parts[1]) != nil else {
        throw Failure(message: "invalid restart policy '\(text ?? "")': maximum retry count must be an integer")
    }
    return .object([
        (key: "Name", value: .string(parts[0])),
        (key: "MaximumRetryCount", value: .int(parts.count == 2 ? Int(parts[1]) ?? 0 : 0)),
    ])
}
