import CLinux
import Glibc

/// Signals as something to read: blocked for the process, and delivered through a descriptor (man 2 signalfd).
public struct Signals: Sendable {
    /// Readable when one waits.
    public let descriptor: CInt

    /// Blocks these from here on.
    public init(_ numbers: [CInt]) throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        sigprocmask(SIG_BLOCK, &set, nil)
        descriptor = try sys("read signals") { signalfd(-1, &set, CInt(SFD_NONBLOCK | SFD_CLOEXEC)) }
    }

    /// The next one that waits.
    public func next() -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return read(descriptor, &info, size) == size ? CInt(info.ssi_signo) : nil
    }
}
