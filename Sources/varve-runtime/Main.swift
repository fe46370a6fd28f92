import Glibc

/// The OCI runtime, and each container's monitor. One thread, no `async`: what it forks is whole.
@main struct Runtime {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "zygote" {
            arguments.removeFirst()
            Zygote(socket: 3).run()
        }
        exit(CommandLineInterface.run(arguments))
    }
}
