import ArgumentParser
import HTTPClient

/// `varve`: containers and images from the command line.
@main
struct Varve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varve",
        abstract: "Run containers and look after images, on the storage driver of your choice.",
        discussion: """
            Examples:
              varve pull busybox                    bring an image
              varve run --rm busybox echo hello     run a command in it
              varve run -it --name box busybox sh   a shell, on a terminal
              varve ps -a                           what runs and what ran
              varve driver probe                    which storage driver it gets, and why

            The daemon is found at -H, VARVE_HOST, DOCKER_HOST or unix:///run/varve/varve.sock.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Containers",
                subcommands: [
                    Run.self, Create.self, Start.self, Exec.self, Attach.self, Ps.self, Logs.self, Wait.self, Stop.self,
                    Restart.self, Kill.self, Pause.self, Unpause.self, Rm.self, Diff.self, Export.self, Commit.self,
                    Copy.self, Top.self, StatsVerb.self, Port.self, Rename.self, Update.self,
                ]
            ),
            CommandGroup(
                name: "Images",
                subcommands: [
                    Images.self, Pull.self, Push.self, Load.self, Save.self, Import.self, Tag.self, Rmi.self,
                    History.self, Search.self,
                ]
            ),
            CommandGroup(
                name: "Engine",
                subcommands: [
                    LoginVerb.self, Logout.self, EventsVerb.self, Version.self, Info.self, Inspect.self, Driver.self,
                    CompletionVerb.self,
                ]
            ),
            CommandGroup(
                name: "By kind",
                subcommands: [
                    ContainerGroup.self, ImageGroup.self, VolumeGroup.self, NetworkGroup.self, SystemGroup.self,
                ]
            ),
        ]
    )

    @Option(name: [.customShort("H"), .long], help: "The daemon's socket: unix:///path.")
    var host: String?
    @Option(help: "The folder with config.json, as DOCKER_CONFIG.") var config: String?
    @Flag(name: [.customShort("v"), .long], help: "Show the version.") var version = false

    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        do {
            try GlobalFlags.take(&arguments)
            if let first = arguments.first, let hidden = HiddenVerb(rawValue: first) {
                try hidden.run(Array(arguments.dropFirst()))
                leave(0)
            }
        } catch { fail(error, isRun: false) }
        // `cp` and `driver` are the daemon's program's, flags and help included.
        let isHandedOver = ["cp", "driver"].contains(arguments.first) || arguments.starts(with: ["container", "cp"])
        if isHandedOver { Driver.handOver(arguments.first == "container" ? Array(arguments.dropFirst()) : arguments) }
        // The exit status of `run` is the container's own; what fails before that is 125.
        let isRun = arguments.first { $0 != "container" } == "run"
        do {
            var command = try parsed(arguments)
            try command.run()
        } catch { fail(error, isRun: isRun) }
        leave(0)
    }

    /// Says what went wrong, and ends.
    private static func fail(_ error: any Error, isRun: Bool) -> Never {
        if let failure = error as? Failure {
            if !failure.message.isEmpty { warn(isRun ? "varve: \(failure.message)" : failure.message) }
            leave(failure.status ?? (isRun ? 125 : 1))
        }
        if let error = error as? ClientError {
            warn(isRun ? "varve: \(error)" : "\(error)")
            leave(isRun ? 125 : 1)
        }
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if code.isSuccess {
            if !text.isEmpty { put(text + "\n") }
            leave(0)
        }
        warn(text)
        leave(isRun ? 125 : code == .validationFailure ? 1 : code.rawValue)
    }

    /// Parses with the verb's own parser where that will do: to set up all of them costs milliseconds.
    ///
    /// What it does not take, and what asks for help, goes through the whole parser, which can explain.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        if let mistake = Verbs.mistake(in: arguments) { throw Failure(message: mistake) }
        guard let (verb, depth) = Verbs.find(arguments) else { return try parseAsRoot(arguments) }
        var words = Array(arguments.dropFirst(depth))
        if !PosixArguments.isPlain(words) { words = PosixArguments.rewritten(words, ArgumentTable(verb)) }
        if let command = try? verb.parseAsRoot(words) { return command }
        return try parseAsRoot(arguments.prefix(depth) + words)
    }
}
