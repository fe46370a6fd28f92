import Glibc
import Linux
import SystemPackage

/// Listening sockets that the service manager has opened before it started the daemon (man 3 sd_listen_fds).
struct PassedSockets {
    private static let first: CInt = 3
    private static let most = 1024
    private var sockets: [(descriptor: FileDescriptor, name: String)] = []

    /// Takes them over, once, while there is one thread: nothing that the daemon starts is to find them.
    static func take() throws -> PassedSockets {
        let names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
        let values = names.map { name in getenv(name).map { String(cString: $0) } ?? "" }
        for name in names { unsetenv(name) }
        guard pid_t(values[0]) == getpid() else { return PassedSockets() }
        guard let count = Int(values[1]), 0...most ~= count else {
            throw StartFailure("LISTEN_FDS is '\(values[1])', which is no number of sockets; start varved by its unit")
        }
        let labels = values[2].split(separator: ":", omittingEmptySubsequences: false)
        var passed = PassedSockets()
        for place in 0..<count {
            let number = first + CInt(place)
            guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
                throw StartFailure("LISTEN_FDS is \(count), but descriptor \(number) is not open")
            }
            let name = place < labels.count ? String(labels[place]) : ""
            passed.sockets.append((FileDescriptor(rawValue: number), name))
        }
        return passed
    }

    /// Gives those away that `fd://` or `fd://<name or number>` means.
    mutating func take(_ name: String?) throws -> [FileDescriptor] {
        let isWanted = { (socket: (descriptor: FileDescriptor, name: String)) in
            name == nil || socket.name == name || "\(socket.descriptor.rawValue)" == name
        }
        let wanted = sockets.filter(isWanted).map(\.descriptor)
        sockets.removeAll(where: isWanted)
        guard !wanted.isEmpty else {
            throw StartFailure(
                "no sockets found via socket activation for fd://\(name ?? ""): start the daemon by its unit "
                    + "(varved.socket), or listen on unix:// instead"
            )
        }
        for socket in wanted where !Self.listens(socket) {
            throw StartFailure("descriptor \(socket.rawValue), which was passed on, is no listening stream socket")
        }
        return wanted
    }

    /// Closes what nobody wants; says how many.
    mutating func closeRest() -> Int {
        defer { sockets = [] }
        for socket in sockets { try? socket.descriptor.close() }
        return sockets.count
    }

    private static func listens(_ socket: FileDescriptor) -> Bool {
        func option(_ name: CInt) -> CInt? {
            var (value, length) = (CInt(0), socklen_t(MemoryLayout<CInt>.size))
            return getsockopt(socket.rawValue, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
        }
        return option(SO_ACCEPTCONN) == 1 && option(SO_TYPE) == CInt(SOCK_STREAM.rawValue)
    }
}
