import CLinux
import Glibc
import Linux

/// The socket on which a caller takes a terminal's master (runc's `--console-socket`): its other end waits there.
struct ConsoleSocket: ~Copyable {
    private let socket: OwnedDescriptor

    /// Throws where nobody listens at `path`.
    init(_ path: String) throws {
        socket = OwnedDescriptor(try connect(to: path, Int32(SOCK_STREAM.rawValue)))
    }

    /// Callers read the name, and take the descriptor that comes with it.
    func send(_ master: CInt) throws {
        let name = Array("/dev/ptmx".utf8)
        try sys("hand over the terminal") { linux_send(socket.rawValue, name, name.count, master) }
    }
}
