import CLinux
import Dispatch
import Glibc
import Linux
import SystemPackage

/// Two connected UNIX sockets: one for here, one to give away.
struct SocketPair: ~Copyable {
    enum Kind: Sendable { case stream, messages }

    let own: OwnedDescriptor
    let other: OwnedDescriptor

    init(_ kind: Kind) throws {
        let type = kind == .stream ? SOCK_STREAM.rawValue : SOCK_SEQPACKET.rawValue
        var ends: [CInt] = [-1, -1]
        try sys("make a socket pair") { socketpair(AF_UNIX, Int32(type) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) }
        own = OwnedDescriptor(ends[0])
        other = OwnedDescriptor(ends[1])
    }
}

/// Connects to the monitor whose folder this is.
///
/// Through a handle of the folder: a socket's path may not be longer than 107 bytes (`man 7 unix`).
func connect(to folder: FilePath) throws -> FileDescriptor {
    let handle = OwnedDescriptor(try sys("open \(folder)") { open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    let socket = OwnedDescriptor(
        try sys("make a socket") {
            Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
    )
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = "/proc/self/fd/\(handle.rawValue)/monitor.sock"
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    try sys("connect to \(folder)/monitor.sock") {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
    return socket.release()
}

/// Sends a line and reads the one that answers it, and not a byte more: what follows belongs to somebody else.
func exchange(_ line: [UInt8], on socket: CInt) throws -> [UInt8] {
    // A monitor that does not answer at all is broken; whoever waits for it must not be.
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    try sendAll(line, on: socket)
    var answer: [UInt8] = []
    var byte: UInt8 = 0
    while answer.count < 65536 {
        let count = try sys("hear from the monitor") { recv(socket, &byte, 1, 0) }
        if count == 0 { throw LaunchError("the container's monitor hung up", exitCode: 128) }
        if byte == UInt8(ascii: "\n") { break }
        answer.append(byte)
    }
    patience = timeval(tv_sec: 0, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return answer
}

func sendAll(_ bytes: [UInt8], on socket: CInt) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = try sys("tell the monitor") {
            rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        rest = rest.dropFirst(Int(count))
    }
}

/// Runs what blocks, if only for a moment, away from the threads that tasks share.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}
