import ArgumentParser

/// `varve container …`: the same verbs, by kind.
struct ContainerGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container",
        abstract: "The verbs for containers.",
        discussion: "Example: varve container ls -a",
        subcommands: [
            ContainerLs.self, Run.self, Create.self, Start.self, Exec.self, Attach.self, Logs.self, Wait.self,
            Stop.self, Restart.self, Kill.self, Pause.self, Unpause.self, ContainerRm.self, Diff.self, Export.self,
            Commit.self, Copy.self, Top.self, StatsVerb.self, Port.self, Rename.self, Update.self, ContainerPrune.self,
            ContainerInspectVerb.self,
        ]
    )
}

/// `varve image …`: the same verbs, by kind.
struct ImageGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "The verbs for images.",
        discussion: "Example: varve image ls",
        subcommands: [
            ImageLs.self, Pull.self, Push.self, Load.self, Save.self, Import.self, Tag.self, ImageRm.self, History.self,
            ImagePrune.self, ImageInspectVerb.self,
        ]
    )
}

/// `varve container ls`.
struct ContainerLs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List containers.",
        discussion: "Example: varve container ls -a --filter status=exited",
        aliases: ["list", "ps"]
    )
    @OptionGroup var verb: Ps
    func run() throws { try verb.run() }
}

/// `varve container rm`.
struct ContainerRm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove containers.",
        discussion: "Example: varve container rm -f box",
        aliases: ["remove"]
    )
    @OptionGroup var verb: Rm
    func run() throws { try verb.run() }
}

/// `varve container inspect`.
struct ContainerInspectVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of containers.",
        discussion: "Example: varve container inspect --format '{{.State.Status}}' box"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?
    @Flag(name: .shortAndLong, help: "Show how much each has written.") var size = false
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        let query = size ? [("size", "1")] : []
        try inspectObjects(containers, format: format) {
            try daemon.ask("GET", containerPath($0, "/json"), query: query)
        }
    }
}

/// `varve image ls`.
struct ImageLs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List images.",
        discussion: "Example: varve image ls --filter dangling=true",
        aliases: ["list"]
    )
    @OptionGroup var verb: Images
    func run() throws { try verb.run() }
}

/// `varve image rm`.
struct ImageRm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove images.",
        discussion: "Example: varve image rm mine:v1",
        aliases: ["remove"]
    )
    @OptionGroup var verb: Rmi
    func run() throws { try verb.run() }
}

/// `varve image inspect`.
struct ImageInspectVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of images.",
        discussion: "Example: varve image inspect --format '{{json .RootFS.Layers}}' busybox"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?
    @Option(help: "os/arch[/variant] of images that have several.") var platform: String?
    @Argument(help: "The images.") var images: [String]

    func run() throws {
        let daemon = try Daemon()
        let query = try platformQuery(platform)
        try inspectObjects(images, format: format) { try daemon.ask("GET", imagePath($0, "/json"), query: query) }
    }
}
