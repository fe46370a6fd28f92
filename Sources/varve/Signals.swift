import Glibc
import Linux

extension Signals {
    /// What Docker passes on to the container: all that a shell or a supervisor sends to end or tell something.
    static let proxied: [CInt] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGALRM]

    static func name(_ number: CInt) -> String {
        let names: [CInt: String] = [
            SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGTERM: "TERM", SIGUSR1: "USR1", SIGUSR2: "USR2",
            SIGCONT: "CONT",
            SIGALRM: "ALRM",
        ]
        return names[number] ?? "\(number)"
    }
}
