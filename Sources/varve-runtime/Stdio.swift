import Glibc
import Linux

/// The two ends of a process's standard streams.
struct Stdio {
    /// What the process gets as 0, 1 and 2.
    var inside: (CInt, CInt, CInt) = (-1, -1, -1)
    /// The monitor's ends; -1 where there is none.
    var input: CInt = -1
    var output: CInt = -1
    var error: CInt = -1

    /// The process has the caller's own streams.
    static let inherited: Stdio = {
        var stdio = Stdio()
        stdio.inside = (0, 1, 2)
        return stdio
    }()

    private init() {}

    /// Pipes; with a terminal nothing, since that is made inside the container. Without `openStdin` input is empty.
    init(terminal: Bool, openStdin: Bool) throws {
        if terminal { return }
        if openStdin {
            let pipe = try Self.pipe()
            inside.0 = pipe.read
            input = pipe.write
        } else {
            inside.0 = try sys("open /dev/null") { open("/dev/null", O_RDONLY | O_CLOEXEC) }
        }
        let out = try Self.pipe()
        let err = try Self.pipe()
        (inside.1, inside.2, output, error) = (out.write, err.write, out.read, err.read)
        for own in [input, output, error] where own >= 0 { setNonBlocking(own) }
    }

    /// To be called in the monitor once the process has its copies: an end of file must be one.
    func closeInside() {
        for descriptor in [inside.0, inside.1, inside.2] where descriptor > 2 { close(descriptor) }
    }

    private static func pipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { Glibc.pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

func setNonBlocking(_ descriptor: CInt) { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
