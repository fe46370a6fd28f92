import CLinux
import Glibc
import Linux
import SystemPackage

/// The runtime's program in a memory file that nothing can change: a container that gets hold of the program of the
/// process that entered it can't overwrite it (CVE-2019-5736).
struct RuntimeProgram: ~Copyable, Sendable {
    private let file: OwnedDescriptor

    init(copying path: FilePath) throws {
        let source = OwnedDescriptor(try sys("open \(path)") { open(path.string, O_RDONLY | O_CLOEXEC) })
        let copy = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("varve-runtime") })
        while try sys("copy \(path)", { sendfile(copy.rawValue, source.rawValue, nil, 1 << 30) }) > 0 {}
        try Self.seal(copy.rawValue, path)
        file = copy
    }

    /// The kernel refuses as long as it has a page of it in hand, on a busy machine for a few milliseconds after the copy
    /// (`man 2 fcntl`, F_ADD_SEALS, EBUSY).
    private static func seal(_ copy: CInt, _ path: FilePath) throws {
        for _ in 0..<100 {
            if linux_seal(copy) == 0 { return }
            usleep(10_000)
        }
        try sys("seal the copy of \(path)") { linux_seal(copy) }
    }

    /// Where a child finds it, whatever of our descriptors it has.
    var path: String { "/proc/\(getpid())/fd/\(file.rawValue)" }
}

/// The one `varve-runtime` that monitors are forked from; it ends when this side of its socket is closed.
struct Zygote: ~Copyable, Sendable {
    private let pid: pid_t
    private let socket: OwnedDescriptor

    private init(pid: pid_t, socket: consuming OwnedDescriptor) {
        self.pid = pid
        self.socket = socket
    }

    /// Starts it; what it and its monitors have to say goes to `log`.
    static func start(_ program: borrowing RuntimeProgram, log: FilePath) throws -> Zygote {
        let file = OwnedDescriptor(
            try sys("open \(log)") { open(log.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
        )
        let pair = try SocketPair(.messages)
        let descriptors = [file.rawValue, file.rawValue, pair.other.rawValue]
        // Containers get the limit of open files that the daemon got, not the one that it gave itself.
        let words = ["varve-runtime", "zygote"] + (OpenFiles.originalLimit.map { [$0] } ?? [])
        let pid = try startProgram(FilePath(program.path), words, descriptors: descriptors)
        return Zygote(pid: pid, socket: pair.own)
    }

    deinit {
        var status: CInt = 0
        shutdown(socket.rawValue, Int32(SHUT_RDWR))
        waitpid(pid, &status, 0)
    }

    func send(_ message: [UInt8], _ descriptor: CInt) throws {
        try sys("reach varve-runtime") { linux_send(socket.rawValue, message, message.count, descriptor) }
    }
}
