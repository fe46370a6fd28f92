import Glibc
import Linux
import NIOCore
package import SystemPackage

/// An address to listen on, found out once: what is checked is what is bound.
package struct TCPAddress: Sendable, CustomStringConvertible {
    let address: SocketAddress

    init(_ address: SocketAddress) { self.address = address }

    /// Finds out what `host` stands for; may ask name servers.
    package init(host: String, port: Int) throws {
        do {
            address = try SocketAddress.makeAddressResolvingHost(host == "localhost" ? "127.0.0.1" : host, port: port)
        } catch {
            throw HTTPError.badAddress("tcp://\(host):\(port)", why: "'\(host)' is no address of this machine")
        }
    }

    /// The address of a socket that is bound; nil for a UNIX socket. Others are refused: nobody could say who gets there.
    package init?(of descriptor: SystemPackage.FileDescriptor) throws {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try withUnsafeMutablePointer(to: &storage) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = try sys("ask for the address of descriptor \(descriptor.rawValue)") {
                    getsockname(descriptor.rawValue, address, &length)
                }
            }
        }
        let family = CInt(storage.ss_family)
        let found: SocketAddress? = withUnsafePointer(to: &storage) { pointer in
            switch family {
            case AF_INET:
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_INET6:
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            default: nil
            }
        }
        guard let found else {
            guard family == AF_UNIX else {
                throw HTTPError.badAddress(
                    "fd://",
                    why: "descriptor \(descriptor.rawValue) is neither UNIX nor TCP, but of address family \(family)"
                )
            }
            return nil
        }
        address = found
    }

    /// Whether only this machine gets there.
    package var isLoopback: Bool {
        guard let text = address.ipAddress else { return false }
        return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.")
    }

    package var description: String {
        let (host, port) = (address.ipAddress ?? "?", address.port ?? 0)
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
