import Glibc
import Linux

/// The OCI runtime, and each container's monitor. One thread, no `async`: what it forks is whole.
@main struct Runtime {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "zygote" {
            // A process may always lower its limit again.
            if arguments.count > 1 { try? OpenFiles.setLimit(arguments[1]) }
            Zygote(socket: 3).run()
        }
        exit(CommandLineInterface.run(arguments))
    }
}
