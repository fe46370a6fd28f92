import DockerAPI
import Linux
import OCI
import SystemPackage

/// What stands in a container's `/etc/hosts` and `/etc/resolv.conf`.
enum HostFiles {
    /// Docker's lines, then those that the user asked for, then the container's own name.
    static func hosts(_ record: ContainerRecord, _ host: HostConfig) -> String {
        if host.networkMode == "host", (host.extraHosts ?? []).isEmpty, let own = try? readFile("/etc/hosts") {
            return String(decoding: own, as: UTF8.self)
        }
        var lines = [
            "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet",
            "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes", "ff02::2\tip6-allrouters",
        ]
        for extra in host.extraHosts ?? [] {
            // An IPv6 address has colons too: the name ends at the first one.
            guard let colon = extra.firstIndex(of: ":") else { continue }
            lines.append("\(extra[extra.index(after: colon)...])\t\(extra[..<colon])")
        }
        if record.config.hostname != "", host.networkMode != "none" {
            lines.append("127.0.0.1\t\(record.config.hostname)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The host's file, with the parts replaced that the user gave.
    static func resolvConf(_ host: HostConfig) -> [UInt8] {
        // A host without the file has no names to look up; the container then has an empty one.
        let own = (try? readFile("/etc/resolv.conf")) ?? []
        if host.dns.isEmpty && host.dnsSearch.isEmpty && host.dnsOptions.isEmpty { return own }
        var kept = String(decoding: own, as: UTF8.self).split(separator: "\n").map(String.init)
        if !host.dns.isEmpty {
            kept = kept.filter { !$0.hasPrefix("nameserver") } + host.dns.map { "nameserver \($0)" }
        }
        if !host.dnsSearch.isEmpty {
            kept = kept.filter { !$0.hasPrefix("search") } + ["search " + host.dnsSearch.joined(separator: " ")]
        }
        if !host.dnsOptions.isEmpty {
            kept = kept.filter { !$0.hasPrefix("options") } + ["options " + host.dnsOptions.joined(separator: " ")]
        }
        return Array((kept.joined(separator: "\n") + "\n").utf8)
    }
}
