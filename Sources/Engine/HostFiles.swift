import CNI
import DockerAPI
import Linux
import Networking
import OCI
import SystemPackage

/// What stands in a container's `/etc/hosts` and `/etc/resolv.conf`.
enum HostFiles {
    /// Another container by a name of this one's own (`--link`).
    struct Link: Equatable {
        var addresses: [IPAddress]
        var names: [String]

        var lines: [String] { addresses.map { "\($0)\t\(names.joined(separator: " "))" } }
    }

    /// Docker's lines, then those that the user asked for, then the container's own name, then those of its links.
    static func hosts(
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ attachments: Attachments = Attachments(),
        gateway: String? = nil,
        links: [Link] = []
    ) -> String {
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
            let address = extra[extra.index(after: colon)...]
            guard let shown = address == "host-gateway" ? gateway : String(address) else { continue }
            lines.append("\(shown)\t\(extra[..<colon])")
        }
        lines += links.flatMap(\.lines)
        let own = attachments.leases.flatMap(\.addresses).map(\.description)
        if record.config.hostname != "", host.networkMode != "none" || !own.isEmpty {
            let domain = record.config.domainname
            let names = (domain.isEmpty ? "" : "\(record.config.hostname).\(domain) ") + record.config.hostname
            lines += (own.isEmpty ? ["127.0.0.1"] : own).map { "\($0)\t\(names)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A container's file, with the lines of one link as they are to be now.
    static func renewed(_ text: String, with link: Link) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        let isOld = { (line: String) in
            line.split(whereSeparator: \.isWhitespace).dropFirst().first.map(String.init) == link.names.first
        }
        let place = lines.firstIndex(where: isOld) ?? lines.endIndex
        lines.removeAll(where: isOld)
        lines.insert(contentsOf: link.lines, at: place)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The host's file, with the parts replaced that the user gave.
    ///
    /// On networks where containers have names, it is their server that is asked, and that asks the others.
    static func resolvConf(_ host: HostConfig, _ attachments: Attachments = Attachments()) -> [UInt8] {
        let own = hostConfiguration(isOwnNetwork: !attachments.leases.isEmpty)
        let servers = nameServers(attachments)
        let told = (attachments.lookups ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        let (searched, wished) = (told.flatMap(\.search), told.flatMap(\.options))
        let domains = host.dnsSearch.isEmpty ? searched : host.dnsSearch
        let settings = host.dnsOptions.isEmpty ? wished : host.dnsOptions
        // The user's, then those of networks by plug-ins. The name server of ours asks the user's or the host's for what it does
        // not know, and so comes before what plug-ins say.
        let given = host.dns.isEmpty ? told.flatMap(\.servers) : host.dns
        if servers.isEmpty && given.isEmpty && domains.isEmpty && settings.isEmpty { return Array(own.utf8) }
        var kept = own.split(separator: "\n").map(String.init)
        let asked = servers.isEmpty ? given : servers
        if !asked.isEmpty { kept = kept.filter { !$0.hasPrefix("nameserver") } + asked.map { "nameserver \($0)" } }
        // `.`: none.
        if !domains.isEmpty {
            let domains = domains.filter { $0 != "." }
            kept = kept.filter { !$0.hasPrefix("search") && !$0.hasPrefix("domain") }
            if !domains.isEmpty { kept.append("search " + domains.joined(separator: " ")) }
        }
        let options = settings + (servers.isEmpty ? [] : ["ndots:0"])
        if !settings.isEmpty { kept = kept.filter { !$0.hasPrefix("options") } }
        if !options.isEmpty { kept.append("options " + options.joined(separator: " ")) }
        return Array((kept.joined(separator: "\n") + "\n").utf8)
    }

    /// The name server's addresses; without the program nobody listens there.
    private static func nameServers(_ attachments: Attachments) -> [String] {
        if attachments.isNameless { return [] }
        let lease = attachments.leases.first { attachments.names[$0.network] != nil }
        return lease?.own ?? []
    }

    /// The host's servers, but that in a network of its own a container can't reach those on the host's loopback address.
    private static func hostConfiguration(isOwnNetwork: Bool) -> String {
        // A host without the file has no names to look up; the container then has an empty one.
        let text = read("/etc/resolv.conf")
        guard isOwnNetwork else { return text }
        let real = "/run/systemd/resolve/resolv.conf"
        let source = servers(text) == ["127.0.0.53"] && exists(FilePath(real)) ? read(real) : text
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let kept = lines.filter { line in
            servers(line).allSatisfy { IPAddress($0)?.isLoopback != true }
        }
        // Docker's: else the container would have none at all.
        if servers(kept.joined(separator: "\n")).isEmpty, !servers(source).isEmpty {
            return (kept + ["nameserver 8.8.8.8", "nameserver 8.8.4.4"]).joined(separator: "\n")
        }
        return kept.joined(separator: "\n")
    }

    private static func read(_ path: String) -> String {
        String(decoding: (try? readFile(FilePath(path))) ?? [], as: UTF8.self)
    }

    private static func servers(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && words[0] == "nameserver" ? String(words[1]) : nil
        }
    }
}

extension Engine {
    /// Writes `hosts` and `resolv.conf` as they are to be now, in place: a container may have them mounted.
    ///
    /// Throws where one is linked to that does not run, unless this one runs already.
    func writeFiles(
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ attachments: Attachments,
        isRunning: Bool
    ) throws {
        if host.networkMode.hasPrefix("container:") { return }
        linkers.note(record.id, links: Self.links(of: record, host))
        let mode = FilePermissions(rawValue: 0o644)
        let gateway = gatewayLease(attachments, record)?.own.first ?? attachments.leases.first?.own.first
        let links = try self.links(of: record, host, attachments, mayBeMissing: isRunning)
        let hosts = HostFiles.hosts(record, host, attachments, gateway: gateway, links: links)
        try writeFile(Array(hosts.utf8), to: FilePath(record.hostsPath), mode: mode)
        try writeFile(HostFiles.resolvConf(host, attachments), to: FilePath(record.resolvConfPath), mode: mode)
    }

    /// Whom it knows by names of its own: on the default network by `--link`, on others by their links.
    func links(
        of record: ContainerRecord,
        _ host: HostConfig,
        _ attachments: Attachments,
        mayBeMissing: Bool
    ) throws -> [HostFiles.Link] {
        try attachments.leases.flatMap { lease -> [HostFiles.Link] in
            guard let network = try? networks.find(lease.network) else { return [] }
            let place = record.networkSettings.networks[network.name]
            let asked = network.isPredefined ? host.links ?? [] : place?.links ?? []
            return try asked.compactMap { text in
                let parts = text.split(separator: ":").map(String.init)
                guard let name = parts.first else { return nil }
                let alias = parts.count > 1 ? parts[1] : name
                guard let other = try? containers.find(name.hasPrefix("/") ? String(name.dropFirst()) : name),
                    let theirs = service.attachments(of: other.id)?.leases.first(where: { $0.network == lease.network })
                else {
                    // By the other's name it is found as soon as it is there.
                    guard network.isPredefined, !mayBeMissing else { return nil }
                    throw EngineError(
                        .invalid,
                        "Cannot link to a non running container: /\(name) AS \(record.name)/\(alias)"
                    )
                }
                let names = [alias, String(other.id.prefix(12)), (try? containers.name(of: other.id)) ?? name]
                let unique = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
                return HostFiles.Link(addresses: theirs.addresses, names: unique)
            }
        }
    }
}
