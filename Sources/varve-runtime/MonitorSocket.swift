import Glibc
import Linux

/// Makes `monitor.sock` in the current folder, for a daemon that comes back and for everyone who attaches.
func listenForClients() throws -> CInt {
    let listener = try sys("make a socket") {
        socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
            0
        )
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array("monitor.sock".utf8)) }
    unlink("monitor.sock")
    let old = umask(0o177)
    defer { umask(old) }
    try sys("bind monitor.sock") {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
    try sys("listen on monitor.sock") { Glibc.listen(listener, 64) }
    return listener
}
