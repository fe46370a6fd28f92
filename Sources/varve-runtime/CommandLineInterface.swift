import Glibc
import Linux

/// The OCI command line, as runc has it: what containerd, CRI-O, Podman and people call.
enum CommandLineInterface {
    private typealias Command = (ArraySlice<String>, Invocation) throws -> Int32

    private static var commands: [(name: String, help: String, run: Command)] {
        [
            ("create", "[-b BUNDLE] ID: makes a container, whose process waits for `start`", LifeCommands.create),
            ("start", "ID: lets a created container's process run", LifeCommands.start),
            ("run", "[-b BUNDLE] [-d] ID: create and start, and without -d wait for the end", LifeCommands.run),
            ("exec", "[-d] [-t] [-p FILE] ID COMMAND…: runs another process in a container", ExecCommand.run),
            ("state", "ID: tells a container's state, as JSON", LifeCommands.state),
            ("kill", "[--all] ID [SIGNAL]: sends a signal, TERM where none is named", EndCommands.kill),
            ("delete", "[--force] ID: takes a stopped container away", EndCommands.delete),
            ("list", "[-f table|json] [-q]: all containers of --root", ShowCommands.list),
            ("ps", "[-f table|json] ID [PS OPTIONS]: the processes of a container", ShowCommands.ps),
            ("events", "--stats ID: what a container uses, as JSON", ShowCommands.events),
            ("pause", "ID: makes all processes of a container stand still", EndCommands.pause),
            ("resume", "ID: lets them go on", EndCommands.resume),
            ("update", "[-r FILE] ID: changes a container's limits", UpdateCommand.run),
            ("features", ": what this runtime can do, as JSON", ShowCommands.features),
            ("spec", "[-b BUNDLE]: writes a config.json to begin with", SpecCommand.run),
            ("checkpoint", ": not there", refuseCheckpoints),
            ("restore", ": not there", refuseCheckpoints),
        ]
    }

    static func run(_ arguments: [String]) -> Int32 {
        var invocation: Invocation?
        do {
            let options = try Options(arguments, Invocation.options)
            if options.has("version") { return printVersion() }
            guard !options.has("help"), let name = options.rest.first, name != "help" else {
                return printHelp(arguments.isEmpty ? 2 : 0)
            }
            let chosen = try Invocation(options)
            invocation = chosen
            guard let command = commands.first(where: { $0.name == name }) else {
                throw UsageError("unknown command \"\(name)\"; see varve-runtime --help")
            }
            let rest = options.rest.dropFirst()
            if rest.first == "--help" || rest.first == "-h" { return printHelp(0, command.name) }
            if options.has("systemd-cgroup") {
                throw UsageError("--systemd-cgroup is not there; use cgroupfs (podman: --cgroup-manager=cgroupfs)")
            }
            return try command.run(rest, chosen)
        } catch {
            if let invocation { invocation.fail("\(error)") } else { say("varve-runtime: \(error)\n") }
            return (error as? FailedExec) != nil ? 255 : 1
        }
    }

    private static func printVersion() -> Int32 {
        print("varve-runtime version 0.1.0\nspec: 1.2.0")
        return 0
    }

    private static func printHelp(_ status: Int32, _ command: String? = nil) -> Int32 {
        let lines = commands.filter { command == nil || $0.name == command }.map { "  \($0.name) \($0.help)\n" }
        let text = """
            usage: varve-runtime [--root DIR] [--log FILE] [--log-format text|json] [--debug] COMMAND …

            Runs OCI bundles, as runc does.

            \(lines.joined())
            """
        if status == 0 { print(text, terminator: "") } else { say(text) }
        return status
    }

    private static func say(_ text: String) { _ = write(STDERR_FILENO, text, text.utf8.count) }

    private static func refuseCheckpoints(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        throw StepError("checkpoints need CRIU, which this runtime does not use")
    }
}
