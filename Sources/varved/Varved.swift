import ArgumentParser

/// `varved`: the daemon itself, and below it what can be asked about storage drivers.
@main
struct Varved: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varved",
        abstract: "Varve's daemon: runs containers, and answers Docker's API.",
        discussion: """
            Every flag but --config-file can be given in the configuration file instead, under the same name
            (--storage-opt, --host: "storage-opts", "hosts", which are lists). What is in both is an error.

            Examples:
              varved
              varved --data-root /srv/varve --storage-driver overlay2
              varved -H unix:///run/docker.sock --group docker
              varved -H unix:// -H tcp://0.0.0.0:2376 --tlsverify
              varved driver probe
            """,
        subcommands: [DriverCommand.self, CopyCommand.self]
    )

    @OptionGroup var flags: DaemonFlags

    func run() throws {
        if flags.version { return print("varved version \(Daemon.version)") }
        do { try flags.validate ? Daemon.validate(flags) : Daemon.run(flags) } catch { throw StartFailure(error) }
    }

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        // The daemon's flags would be taken from behind `driver`, too, where --data-root and --storage-opt are its own.
        if arguments.first == "driver" { return DriverCommand.main(Array(arguments.dropFirst())) }
        if arguments.first == "cp" { CopyCommand.run(Array(arguments.dropFirst())) }
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch let failure as StartFailure {
            Output.error("varved: \(failure.description)")
            exit(withError: ExitCode.failure)
        } catch {
            exit(withError: error)
        }
    }
}

/// Why the daemon is not running: one line.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }

    init(_ error: any Error) {
        description = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
