import Glibc
import Linux
import SystemPackage

/// Makes `monitor.sock` in the current folder, for a daemon that comes back and for everyone who attaches.
func listenForClients() throws -> CInt {
    try listen(on: "monitor.sock", Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue))
}

/// Makes a socket of that name in the current folder, for root alone.
func listen(on name: String, _ type: CInt) throws -> CInt {
    let listener = try sys("make a socket") { socket(AF_UNIX, type | Int32(SOCK_CLOEXEC.rawValue), 0) }
    unlink(name)
    let old = umask(0o177)
    defer { umask(old) }
    try withAddress(name) { address, size in
        _ = try sys("bind \(name)") { bind(listener, address, size) }
    }
    try sys("listen on \(name)") { Glibc.listen(listener, 64) }
    return listener
}

/// Connects to the socket of that name.
func connect(to name: String, _ type: CInt) throws -> CInt {
    let client = try sys("make a socket") { socket(AF_UNIX, type | Int32(SOCK_CLOEXEC.rawValue), 0) }
    do {
        try withAddress(name) { address, size in
            _ = try sys("connect to \(name)") { Glibc.connect(client, address, size) }
        }
    } catch {
        close(client)
        throw error
    }
    return client
}

/// Throws where the path is longer than an address has room for, 107 bytes.
private func withAddress(_ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard name.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
        throw SystemError("use the socket \(name)", .fileNameTooLong)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(name.utf8)) }
    try withUnsafePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
