import ArgumentParser
import Glibc
import HTTPClient

/// `varve`: containers and images from the command line.
@main
struct Varve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varve",
        abstract: "Run containers and look after images, on the storage driver of your choice.",
        discussion: """
            Examples:
              varve load -i busybox.tar             bring an image
              varve run --rm busybox echo hello     run a command in it
              varve run -it --name box busybox sh   a shell, on a terminal
              varve ps -a                           what runs and what ran
              varve driver probe                    which storage driver this host gets, and why

            The daemon is found at -H, VARVE_HOST, DOCKER_HOST or unix:///run/varve/varve.sock.
            """,
        version: "varve 0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Containers",
                subcommands: [
                    Run.self, Create.self, Start.self, Exec.self, Attach.self, Ps.self, Logs.self, Wait.self, Stop.self,
                    Restart.self, Kill.self, Rm.self, Diff.self, Export.self, Commit.self,
                ]
            ),
            CommandGroup(
                name: "Images",
                subcommands: [Images.self, Load.self, Save.self, Import.self, Tag.self, Rmi.self, History.self]
            ),
            CommandGroup(
                name: "Engine",
                subcommands: [Version.self, Info.self, Inspect.self, Driver.self]
            ),
            CommandGroup(name: "By kind", subcommands: [ContainerGroup.self, ImageGroup.self]),
        ]
    )

    @Option(name: [.customShort("H"), .long], help: "The daemon's socket: unix:///path.")
    var host: String?

    static func main() {
        let arguments = takeHost(Array(CommandLine.arguments.dropFirst()))
        if arguments == ["--version"] {
            put(configuration.version + "\n")
            leave(0)
        }
        if arguments.first == "driver" { Driver.handOver(Array(arguments)) }
        // The exit status of `run` is the container's own; what fails before that is 125.
        let isRun = arguments.first { $0 != "container" } == "run"
        do {
            var command = try parsed(arguments)
            try command.run()
        } catch let failure as Failure {
            if !failure.message.isEmpty { warn(isRun ? "varve: \(failure.message)" : failure.message) }
            leave(failure.status ?? (isRun ? 125 : 1))
        } catch let error as ClientError {
            warn(isRun ? "varve: \(error)" : "\(error)")
            leave(isRun ? 125 : 1)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                if !text.isEmpty { put(text + "\n") }
                leave(0)
            }
            warn(text)
            leave(isRun ? 125 : code == .validationFailure ? 1 : code.rawValue)
        }
        leave(0)
    }

    /// Parses with the verb's own parser where that will do: to set up all of them costs milliseconds.
    ///
    /// What it does not take, and what asks for help, goes through the whole parser, which can explain.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        let verbs = configuration.groupedSubcommands.flatMap(\.subcommands)
        let verb = verbs.first { $0._commandName == arguments.first && $0.configuration.subcommands.isEmpty }
        if let command = try? verb?.parseAsRoot(Array(arguments.dropFirst())) { return command }
        return try parseAsRoot(arguments)
    }

    /// Takes `-H …` off the front, into `VARVE_HOST`.
    private static func takeHost(_ arguments: [String]) -> [String] {
        guard let first = arguments.first else { return arguments }
        if first == "-H" || first == "--host", arguments.count > 1 {
            setenv("VARVE_HOST", arguments[1], 1)
            return takeHost(Array(arguments.dropFirst(2)))
        }
        if first.hasPrefix("--host=") {
            setenv("VARVE_HOST", String(first.dropFirst("--host=".count)), 1)
            return takeHost(Array(arguments.dropFirst()))
        }
        return arguments
    }
}
