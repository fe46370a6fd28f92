import Glibc
import Linux

/// An address and a port, as system calls take them.
struct SocketAddress: Hashable {
    private var bytes: [UInt8]

    var family: Int32 { Int32(bytes.withUnsafeBytes { $0.loadUnaligned(as: sa_family_t.self) }) }
    var port: UInt16 { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }

    /// Nil where `text` is no address.
    init?(_ text: String, _ port: UInt16) {
        guard let address = IPAddress(text) else { return nil }
        var head: [UInt8] = withUnsafeBytes(of: sa_family_t(address.isIPv6 ? AF_INET6 : AF_INET)) { Array($0) }
        head += [UInt8(port >> 8), UInt8(port & 0xff)]
        bytes =
            address.isIPv6
            ? head + [0, 0, 0, 0] + address.bytes + [0, 0, 0, 0] : head + address.bytes + .init(repeating: 0, count: 8)
    }

    /// That of a socket.
    init?(boundTo socket: CInt) {
        bytes = []
        guard fill({ getsockname(socket, $0, $1) }) == 0, bytes.count >= 4 else { return nil }
    }

    /// That of who sent a datagram, which `body` receives.
    init?(from body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int, received: inout Int) {
        bytes = []
        received = fill(body)
        guard received >= 0, bytes.count >= 4 else { return nil }
    }

    private mutating func fill<I: FixedWidthInteger>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> I
    ) -> I {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
        bytes = withUnsafeBytes(of: &storage) { Array($0.prefix(Int(length))) }
        return result
    }

    func withPointer<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        bytes.withUnsafeBytes { raw in
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: raw) }
            return withUnsafePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(raw.count)) }
            }
        }
    }
}
