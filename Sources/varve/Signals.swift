import CLinux
import Glibc
import Linux

/// Signals as something to read: blocked for the process, and delivered through a descriptor (man 2 signalfd).
struct Signals {
    let descriptor: CInt

    init(_ numbers: [CInt]) throws {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        sigprocmask(SIG_BLOCK, &set, nil)
        descriptor = try sys("read signals") { signalfd(-1, &set, CInt(SFD_NONBLOCK | SFD_CLOEXEC)) }
    }

    /// The next one that waits.
    func next() -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return read(descriptor, &info, size) == size ? CInt(info.ssi_signo) : nil
    }

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
