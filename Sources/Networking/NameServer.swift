import Glibc
package import Linux
import Synchronization
package import SystemPackage

/// The program that answers containers' questions for each other's names: Debian's `aardvark-dns`, one a daemon.
///
/// It listens on the gateways of the networks, goes on when the daemon ends, and reads what it knows from a folder: a file a
/// network, whose first line are the addresses to listen on, then a line a container (`man 1 aardvark-dns` has none; its
/// `config/` has the format).
package final class NameServer: Sendable {
    /// A container in a network.
    package struct Entry: Sendable, Equatable {
        package var container: String
        package var addresses: [IPAddress]
        package var names: [String]
        /// Whom it asks for other names; empty: the host's.
        package var servers: [String]

        package init(container: String, addresses: [IPAddress], names: [String], servers: [String]) {
            self.container = container
            self.addresses = addresses
            self.names = names
            self.servers = servers
        }

        var line: String {
            func list(_ ipv6: Bool) -> String {
                addresses.filter { $0.isIPv6 == ipv6 }.map(\.description).joined(separator: ",")
            }
            // A space too much would be a field too much.
            let plain = names.map { $0.filter { !$0.isWhitespace && $0 != "," }.lowercased() }.filter { !$0.isEmpty }
            let more = servers.isEmpty ? "" : " " + servers.joined(separator: ",")
            return "\(container) \(list(false)) \(list(true)) \(plain.joined(separator: ","))\(more)\n"
        }
    }

    private struct State {
        var networks: [String: (gateways: [IPAddress], entries: [Entry])] = [:]
    }

    private let folder: FilePath
    private let state = Mutex(State())

    package init(folder: FilePath) { self.folder = folder }

    /// The program; nil: it is not on this host.
    package static var program: FilePath? {
        let usual = ["/usr/lib/podman", "/usr/libexec/podman"].map { FilePath($0).appending("aardvark-dns") }
        return usual.first { access($0.string, X_OK) == 0 } ?? Command.find("aardvark-dns")
    }

    /// The containers of a network are these from now on, and its gateways; asked for when it is their turn, so that of two
    /// changes at once the later one counts.
    package func renew(_ network: String, _ members: () -> (entries: [Entry], gateways: [IPAddress])) throws {
        try state.withLock { state in
            let new = members()
            if new.entries.isEmpty, state.networks[network] == nil { return }
            state.networks[network] = new.entries.isEmpty ? nil : (new.gateways, new.entries)
            try apply(network, state)
        }
    }

    /// Forgets networks that a daemon before knew and this one does not; once, when it begins.
    package func forgetOthers() throws {
        try state.withLock { state in
            if state.networks.isEmpty { stop() }
            for file in try listFolder(folder) where state.networks[file] == nil && !file.hasSuffix(".pid") {
                try sys("remove \(folder)/\(file)") { unlink(folder.appending(file).string) }
            }
        }
    }

    private func apply(_ network: String, _ state: State) throws {
        let file = folder.appending(network)
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        // It ends by itself when nobody is left, at a moment of its own: so it never comes to that.
        if state.networks.isEmpty { stop() }
        guard let (gateways, entries) = state.networks[network] else {
            if exists(file) { try sys("remove \(file)") { unlink(file.string) } }
            if !state.networks.isEmpty { try tell() }
            return
        }
        let text = gateways.map(\.description).joined(separator: ",") + "\n" + entries.map(\.line).joined()
        try writeAtomically(Array(text.utf8), to: file, flush: false)
        try tell()
    }

    /// Lets it read the folder again; starts it where it does not run.
    private func tell() throws {
        if let pid = running { if kill(pid, SIGHUP) == 0 { return } }
        guard let program = Self.program else {
            throw NetworkError.nameServer("they need aardvark-dns on this host: apt install aardvark-dns")
        }
        let asideFiles = (try? listFolder(folder))?.filter { $0.hasSuffix(".pid") } ?? []
        for file in asideFiles { unlink(folder.appending(file).string) }
        let words = [program.string, "--config", folder.string, "--port", "53", "run"]
        do { try Command.run(words, seconds: 20) } catch { throw NetworkError.nameServer("\(error)") }
    }

    private func stop() {
        guard let pid = running else { return }
        kill(pid, SIGTERM)
        for _ in 0..<200 where kill(pid, 0) == 0 { usleep(5000) }
        unlink(folder.appending("aardvark.pid").string)
    }

    /// Its number, if it is one of ours that runs.
    private var running: pid_t? {
        guard let bytes = try? readFile(folder.appending("aardvark.pid")),
            let pid = pid_t(String(decoding: bytes, as: UTF8.self).filter(\.isNumber)), pid > 1,
            let words = try? readFile(FilePath("/proc/\(pid)/cmdline")),
            // The number may be somebody else's by now.
            String(decoding: words, as: UTF8.self).contains(folder.string)
        else { return nil }
        return pid
    }
}
