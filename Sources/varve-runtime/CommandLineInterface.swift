import Glibc

/// The OCI command line: what containerd, Podman and people call.
enum CommandLineInterface {
    static func run(_ arguments: [String]) -> Int32 {
        switch arguments.first {
        case "--version", "-v":
            print("varve-runtime version 0.1.0\nspec: 1.2.0")
            return 0
        default:
            print("usage: varve-runtime --version\n\nStarted by varved, which sends it the containers to launch.")
            return arguments.isEmpty || arguments.first == "--help" ? 0 : 2
        }
    }
}
