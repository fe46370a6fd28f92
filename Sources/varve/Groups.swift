import ArgumentParser

/// `varve container …`: the same verbs, by kind.
struct ContainerGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container",
        abstract: "The verbs for containers.",
        discussion: "Example: varve container ls -a",
        subcommands: [
            ContainerLs.self, Run.self, Create.self, Start.self, Exec.self, Attach.self, Logs.self, Wait.self,
            Stop.self, Restart.self,
            Kill.self, Rm.self, Diff.self, Export.self, Commit.self, ContainerInspectVerb.self,
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
            ImageLs.self, Load.self, Save.self, Import.self, Tag.self, ImageRm.self, History.self,
            ImageInspectVerb.self,
        ]
    )
}

/// `varve container ls`.
struct ContainerLs: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List containers.")
    @OptionGroup var verb: Ps
    func run() throws { try verb.run() }
}

/// `varve container inspect`.
struct ContainerInspectVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of containers."
    )
    @OptionGroup var verb: Inspect
    func run() throws { try verb.run() }
}

/// `varve image ls`.
struct ImageLs: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List images.")
    @OptionGroup var verb: Images
    func run() throws { try verb.run() }
}

/// `varve image rm`.
struct ImageRm: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove images.")
    @OptionGroup var verb: Rmi
    func run() throws { try verb.run() }
}

/// `varve image inspect`.
struct ImageInspectVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of images."
    )
    @OptionGroup var verb: Inspect
    func run() throws {
        var verb = verb
        verb.type = "image"
        try verb.run()
    }
}
