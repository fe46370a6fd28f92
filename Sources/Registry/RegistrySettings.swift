import Glibc
import Linux
import OCI
package import SystemPackage

/// How registries are reached: dockerd's `registry-mirrors`, `insecure-registries`, `max-concurrent-…`.
package struct RegistrySettings: Sendable {
    /// Addresses of servers that are asked first for what Docker Hub has.
    package var mirrors: [String] = []
    /// `host`, `host:port` or `10.0.0.0/8`: their certificates are not checked, and plain HTTP will do.
    package var insecure: [String] = []
    /// `<host[:port]>/{ca.crt,client.cert,client.key}`.
    package var certificates: FilePath = "/etc/docker/certs.d"
    package var downloads = 3
    package var uploads = 5
    /// How often one download is tried where nothing comes.
    package var attempts = 5

    package init() {}

    /// Where to ask for what is in `domain`, in order.
    func endpoints(of domain: String) -> [Endpoint] {
        guard domain != "docker.io" else {
            return mirrors.map { Endpoint(base: $0.hasSuffix("/") ? String($0.dropLast()) : $0, isMirror: true) }
                + [Endpoint(base: "https://registry-1.docker.io")]
        }
        guard isInsecure(domain) else { return [Endpoint(base: "https://\(domain)")] }
        return [Endpoint(base: "https://\(domain)", verifies: false), Endpoint(base: "http://\(domain)")]
    }

    private func isInsecure(_ domain: String) -> Bool {
        let host = Self.host(domain)
        if insecure.contains(domain) || insecure.contains(host) { return true }
        let networks = (insecure + ["127.0.0.0/8", "::1/128"]).compactMap(AddressRange.init)
        return AddressRange.addresses(of: host).contains { address in networks.contains { $0.contains(address) } }
    }

    /// Without its port, and without the brackets of an IPv6 address.
    static func host(_ domain: String) -> String {
        if domain.hasPrefix("["), let end = domain.firstIndex(of: "]") {
            return String(domain[domain.index(after: domain.startIndex)..<end])
        }
        return String(domain.prefix { $0 != ":" })
    }
}

extension AddressRange {
    /// What a name stands for; nothing where that can't be found out, which asking the registry will tell.
    fileprivate static func addresses(of host: String) -> [[UInt8]] {
        if let address = address(host) { return [address] }
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, nil, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        var addresses: [[UInt8]] = []
        var next = found
        while let entry = next?.pointee {
            if entry.ai_family == AF_INET {
                entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin_addr) { addresses.append(Array($0)) }
                }
            } else if entry.ai_family == AF_INET6 {
                entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin6_addr) { addresses.append(Array($0)) }
                }
            }
            next = entry.ai_next
        }
        return addresses
    }
}
