import Glibc

/// An address of IPv4 or IPv6.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 bytes, or 16 of IPv6.
    public let bytes: [UInt8]

    /// Nil where `text` is no address.
    public init?(_ text: String) {
        guard let bytes = AddressRange.address(text) else { return nil }
        self.bytes = bytes
    }

    /// `bytes` are 4 or 16.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// Whether it has 16 bytes.
    public var isIPv6: Bool { bytes.count == 16 }

    /// Whether it is the host's own, on no network: `127.0.0.0/8`, `::1`.
    public var isLoopback: Bool { isIPv6 ? description == "::1" : bytes[0] == 127 }

    /// Whether it stands for all of the host's.
    public var isAny: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The next one; after the last comes the first.
    public var next: IPAddress {
        var bytes = bytes
        for index in bytes.indices.reversed() {
            bytes[index] &+= 1
            if bytes[index] != 0 { break }
        }
        return IPAddress(bytes: bytes)
    }

    /// As people write it.
    public var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = isIPv6 ? AF_INET6 : AF_INET
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
