import ArgumentParser

struct Varved: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varved",
        abstract: "Varve's daemon.",
        subcommands: [DriverCommand.self]
    )
}

Varved.main()
