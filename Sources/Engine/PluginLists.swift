import CNI
import DockerAPI
import Glibc
import Hashing
import Linux
import OCI
import Synchronization
import SystemPackage

/// The networks that files of CNI describe: each is shown under its list's name, beside the daemon's own.
///
/// The folder is looked at before each use, and read again when a file in it is another. Synchronous; safe to call from any
/// thread that may block.
final class PluginLists: Sendable {
    /// The driver of such a network, as clients see it.
    static let driver = "cni"

    /// A file as `stat` sees it.
    private struct Stamp: Equatable {
        var file: String
        var inode: UInt64
        var size: Int64
        var changed: Timestamp
    }

    /// A file that was understood.
    struct Entry: Sendable, Equatable {
        var file: FilePath
        var list: ConfigurationList
        var changed: Timestamp
    }

    private struct State {
        var stamps: [Stamp]?
        /// By the network's ID.
        var entries: [String: Entry] = [:]
    }

    /// More than a list has.
    private static let mostBytes = 1 << 20
    /// More than a host has.
    private static let mostFiles = 1000

    private let folder: FilePath
    private let networks: NetworkStore
    private let state = Mutex(State())

    init(_ folder: FilePath, _ networks: NetworkStore) { (self.folder, self.networks) = (folder, networks) }

    /// The same for each daemon, as long as the list has its name.
    static func id(of name: String) -> String { Digest.of("cni network \(name)".utf8).hex }

    /// The list of a network.
    func entry(_ network: String) throws -> Entry {
        guard let entry = state.withLock({ $0.entries[network] }) else { throw EngineError.noSuchNetwork(network) }
        return entry
    }

    /// Takes up what has changed since the last call; gives what could not be, for the daemon's log.
    func refresh() -> [String] {
        state.withLock { state in
            let (stamps, problem) = look()
            guard stamps != state.stamps else { return [] }
            state.stamps = stamps
            var problems = problem.map { [$0] } ?? []
            var found: [String: Entry] = [:]
            for stamp in stamps {
                let file = folder.appending(stamp.file)
                do {
                    let list = try Self.read(file)
                    if let first = found[Self.id(of: list.name)] {
                        problems.append("\(file) is left out: \(first.file) is network \(list.name) already")
                    } else {
                        let entry = Entry(file: file, list: list, changed: stamp.changed)
                        found[Self.id(of: list.name)] = entry
                    }
                } catch { problems.append("\(file) is left out: \(error)") }
            }
            for name in networks.show(found.values.map(Self.network)) {
                let file = found.removeValue(forKey: Self.id(of: name))?.file ?? folder
                problems.append("\(file) is left out: there is a network of the daemon's own with the name \(name)")
            }
            // Containers may be in one whose file is gone.
            state.entries.merge(found) { $1 }
            return problems
        }
    }

    /// The files by name, as they are now.
    private func look() -> (stamps: [Stamp], problem: String?) {
        let names: [String]
        do { names = try listFolder(folder) } catch { return ([], "\(error)") }
        let lists = names.filter { name in [".conflist", ".conf", ".json"].contains { name.hasSuffix($0) } }
        let stamps = lists.prefix(Self.mostFiles).compactMap { name -> Stamp? in
            var status = stat()
            guard stat(folder.appending(name).string, &status) == 0 else { return nil }
            let time = status.st_mtim
            let changed = Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
            return Stamp(file: name, inode: UInt64(status.st_ino), size: Int64(status.st_size), changed: changed)
        }
        let isTooMuch = lists.count > Self.mostFiles
        return (stamps, isTooMuch ? "\(folder): only the first \(Self.mostFiles) lists are read" : nil)
    }

    private static func read(_ file: FilePath) throws -> ConfigurationList {
        var status = stat()
        try sys("look at \(file)") { stat(file.string, &status) }
        // To open a pipe would be to wait for its writer.
        guard status.st_mode & S_IFMT == S_IFREG else { throw EngineError(.invalid, "it is no file") }
        let list = try ConfigurationList(parsing: readFile(file, limit: mostBytes))
        guard NetworkStore.predefined[list.name] == nil, list.name != "default" else {
            throw EngineError(.invalid, "\"name\" is \(list.name), which is a network of the daemon's own")
        }
        return list
    }

    /// As clients see it.
    private static func network(_ entry: Entry) -> Network {
        var network = Network()
        (network.name, network.id, network.driver) = (entry.list.name, id(of: entry.list.name), driver)
        network.created = entry.changed.description
        network.isAttachable = true
        let first = entry.list.plugins.first
        network.addresses.driver = first?.addressType ?? ""
        network.addresses.options = [:]
        network.addresses.config = (first?.subnets ?? []).compactMap { subnet, gateway in
            guard let range = AddressRange(subnet) else { return nil }
            var pool = AddressPool()
            (pool.subnet, pool.gateway) = ("\(range)", gateway)
            return pool
        }
        network.hasIPv6 = network.allRanges.contains(where: \.isIPv6)
        network.options = [
            "io.varve.cni.file": entry.file.string, "io.varve.cni.version": entry.list.version,
            "io.varve.cni.plugins": entry.list.plugins.map(\.type).joined(separator: ","),
        ]
        return network
    }
}

extension Network {
    /// Whether plug-ins make it, and not the daemon.
    var isByPlugins: Bool { driver == PluginLists.driver }
}
