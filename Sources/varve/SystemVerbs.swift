import ArgumentParser

/// `varve system …`.
struct SystemGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system",
        abstract: "The engine as a whole.",
        discussion: "Example: varve system df",
        subcommands: [SystemDf.self, SystemPrune.self, EventsVerb.self, Info.self]
    )
}
