import ArgumentParser
import RemoteDriver

/// The command `varved driver confined`, by which the daemon starts a plug-in.
struct DriverConfined: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confined",
        abstract: "Become a program that has only the rights that a storage driver needs.",
        shouldDisplay: false
    )

    @Argument(parsing: .captureForPassthrough, help: "The process that it ends with, the program and its arguments.")
    var words: [String] = []

    func run() throws { try PluginProgram.confine(words) }
}
