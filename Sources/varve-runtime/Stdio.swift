import CLinux
import Glibc
import Linux

/// The two ends of a process's standard streams.
struct Stdio {
    /// What the process gets as 0, 1 and 2; an input of -1 is empty.
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

    /// Pipes; with a terminal nothing, since that is made inside the container, and so is an input without `openStdin`.
    init(terminal: Bool, openStdin: Bool) throws {
        if terminal { return }
        if openStdin {
            let pipe = try Self.pipe()
            inside.0 = pipe.read
            input = pipe.write
        }
        let out = try Self.pipe()
        let err = try Self.pipe()
        (inside.1, inside.2, output, error) = (out.write, err.write, out.read, err.read)
        for own in [input, output, error] where own >= 0 { setNonBlocking(own) }
    }

    /// Makes the pipes somebody's: a program that opens /dev/stdout again must own them.
    func give(to owner: (user: UInt32, group: UInt32)) {
        // The caller's own streams stay his.
        if output < 0 { return }
        for pipe in [input < 0 ? -1 : inside.0, inside.1, inside.2] where pipe >= 0 {
            fchown(pipe, owner.user, owner.group)
        }
    }

    /// To be called in the monitor once the process has its copies: an end of file must be one.
    func closeInside() {
        for descriptor in [inside.0, inside.1, inside.2] where descriptor > 2 { close(descriptor) }
    }

    /// Where there is no process to have them.
    func closeAll() {
        closeInside()
        for descriptor in [input, output, error] where descriptor >= 0 { close(descriptor) }
    }

    /// An input with nothing in it: the container's own null device. The host's would be its program's to chmod.
    static func nothing() throws -> CInt {
        let own = open("/dev/null", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        var status = stat()
        if own >= 0, fstat(own, &status) == 0, status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == nullDevice {
            return own
        }
        if own >= 0 { close(own) }
        // It has none, or something else by that name.
        return try emptyPipe()
    }

    /// The same where the container's device can't be had.
    static func emptyPipe() throws -> CInt {
        let ends = try pipe()
        close(ends.write)
        return ends.read
    }

    private static func pipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { Glibc.pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

/// `st_rdev` of `/dev/null`, 1:3.
let nullDevice: dev_t = 0x103

func setNonBlocking(_ descriptor: CInt) { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }

/// Closes all that the monitor has open but `kept`: who may trace processes in a container (CAP_SYS_PTRACE) takes from one
/// that is on its way in what it finds there. The standard streams are `socket` until the program's are there.
func closeAll(but socket: CInt, and kept: [CInt]) throws {
    for stream in 0...2 as ClosedRange<CInt> where !kept.contains(stream) {
        try sys("empty stream \(stream)") { dup2(socket, stream) }
    }
    var first: CInt = 3
    for descriptor in (kept + [socket]).sorted() where descriptor >= first {
        if descriptor > first {
            try sys("close what is the monitor's") { linux_close_range(UInt32(first), UInt32(descriptor - 1)) }
        }
        first = descriptor + 1
    }
    try sys("close what is the monitor's") { linux_close_range(UInt32(first), .max) }
}
