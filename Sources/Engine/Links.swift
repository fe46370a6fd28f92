import DockerAPI
import Linux
import Logging
import Networking
import OCI
import Synchronization
import SystemPackage

/// Who runs and knows others by names of its own (`--link`): it is told when they come back elsewhere.
final class Linkers: Sendable {
    private let names = Mutex<[String: Set<String>]>([:])

    /// From now on the container knows those that `links` name, in Docker's form (`name:alias`); none: it is no linker.
    func note(_ id: String, links: [String]) {
        let all = Set(links.compactMap { $0.split(separator: ":").first.map(String.init) })
        names.withLock { $0[id] = all.isEmpty ? nil : all }
    }

    /// Those that know somebody, and by which names.
    var all: [String: Set<String>] { names.withLock { $0 } }
}

extension Engine {
    /// What a container links to, in all its networks.
    static func links(of record: ContainerRecord, _ host: HostConfig) -> [String] {
        (host.links ?? []) + record.networkSettings.networks.values.flatMap { $0.links ?? [] }
    }

    /// A container has come to its networks: those that run and link to it get its addresses into their `hosts`.
    func renewLinks(to id: String) async {
        for (linker, names) in linkers.all where linker != id {
            guard names.contains(where: { (try? containers.find($0))?.id == id }),
                let container = try? containers.find(linker)
            else { continue }
            do { try await inTurn(linker) { try await renewHosts(of: container, for: id) } } catch {
                log.warning("links not renewed", metadata: ["container": "\(linker)", "error": "\(error)"])
            }
        }
    }

    /// Only the lines of that link: the container may have written others.
    private func renewHosts(of container: Container, for other: String) async throws {
        let (record, host) = (await container.record, await container.host)
        guard let attachments = service.attachments(of: record.id) else { return }
        let links = try links(of: record, host, attachments, mayBeMissing: true).filter {
            $0.names.contains(String(other.prefix(12)))
        }
        try await pool.run {
            let path = FilePath(record.hostsPath)
            let old = String(decoding: try readFile(path, limit: 1 << 20), as: UTF8.self)
            let new = links.reduce(old) { HostFiles.renewed($0, with: $1) }
            if new != old { try writeFile(Array(new.utf8), to: path, mode: FilePermissions(rawValue: 0o644)) }
        }
    }

    /// Docker's variables that tell a container of those it links to on the default network; of execs, only of those that run.
    func linkVariables(_ record: ContainerRecord, _ host: HostConfig) async -> [String] {
        guard let standard = try? networks.find("bridge"),
            record.networkSettings.networks.keys.contains(where: { (try? networks.find($0).id) == standard.id })
        else { return [] }
        var all: [String] = []
        for text in host.links ?? [] {
            let parts = text.split(separator: ":").map(String.init)
            guard let name = parts.first, let other = try? containers.find(name),
                let lease = service.attachments(of: other.id)?.leases.first(where: { $0.network == standard.id })
            else { continue }
            let config = await other.record.config
            let alias = parts.count > 1 ? parts[1] : String(name.drop { $0 == "/" })
            all +=
                LinkVariables(
                    alias: alias,
                    name: "\(record.name)/\(alias)",
                    address: lease.ipv4 ?? "",
                    ports: config.exposedPorts.compactMap(LinkVariables.Port.init),
                    environment: config.env ?? []
                ).all
        }
        return all
    }
}

/// What a container's environment says of another that it links to, in Docker's words.
struct LinkVariables {
    struct Port: Hashable {
        let number: Int
        let kind: String

        /// `80/tcp`, `80`.
        init?(_ text: String) {
            let parts = text.split(separator: "/")
            guard let number = parts.first.flatMap({ Int($0) }), parts.count <= 2 else { return nil }
            self.number = number
            kind = parts.count > 1 ? parts[1].lowercased() : "tcp"
        }
    }

    let alias: String
    let name: String
    let address: String
    let ports: [Port]
    /// The other's own.
    let environment: [String]

    var all: [String] {
        let prefix = alias.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        let sorted = ports.sorted {
            ($0.kind == "tcp" ? "" : $0.kind, $0.number) < ($1.kind == "tcp" ? "" : $1.kind, $1.number)
        }
        var lines = sorted.first.map { ["\(prefix)_PORT=\(url($0))"] } ?? []
        lines += ranges(sorted).flatMap { first, last in
            let key = "\(prefix)_PORT_\(first.number)_\(first.kind.uppercased())"
            return [
                "\(key)_START=\(url(first))", "\(key)_ADDR=\(address)", "\(key)_PROTO=\(first.kind)",
                "\(key)_PORT_START=\(first.number)", "\(key)_END=\(url(last))", "\(key)_PORT_END=\(last.number)",
            ]
        }
        lines += sorted.flatMap { port in
            let key = "\(prefix)_PORT_\(port.number)_\(port.kind.uppercased())"
            return [
                "\(key)=\(url(port))", "\(key)_ADDR=\(address)", "\(key)_PORT=\(port.number)",
                "\(key)_PROTO=\(port.kind)",
            ]
        }
        lines.append("\(prefix)_NAME=\(name)")
        let own = environment.filter { $0.contains("=") && !$0.hasPrefix("HOME=") && !$0.hasPrefix("PATH=") }
        return lines + own.map { "\(prefix)_ENV_\($0)" }
    }

    private func url(_ port: Port) -> String { "\(port.kind)://\(address):\(port.number)" }

    /// Three and more in a row.
    private func ranges(_ ports: [Port]) -> [(Port, Port)] {
        var found: [(Port, Port)] = []
        var start = 0
        for index in ports.indices {
            let next = index + 1 < ports.count ? ports[index + 1] : nil
            if let next, next.kind == ports[index].kind, next.number == ports[index].number + 1 { continue }
            if index - start > 1 { found.append((ports[start], ports[index])) }
            start = index + 1
        }
        return found
    }
}
