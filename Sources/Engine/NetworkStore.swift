import DockerAPI
import FoundationEssentials
import Glibc
import Linux
import OCI
import Synchronization
import SystemPackage

/// The networks of a data root, each in `varve/networks/<id>.json`, and which running containers are in which.
///
/// A network that a running container is in is never removed. Synchronous; safe to call from any thread that may block.
final class NetworkStore: Sendable {
    private struct State {
        var networks: [String: Network] = [:]
        /// IDs of the running containers in each network.
        var members: [String: Set<String>] = [:]
    }

    private let folder: FilePath
    private let state = Mutex(State())
    /// What of the folder could not be read or written at the start.
    let damages: [String]

    /// Those that are always there, with the names of their drivers.
    static let predefined = ["bridge": "bridge", "host": "host", "none": "null"]

    init(dataRoot: FilePath) throws {
        folder = dataRoot.appending("varve").appending("networks")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        try removeAsides(in: folder)
        var found: [String: Network] = [:]
        var damages: [String] = []
        for file in try listFolder(folder) {
            do {
                let network = try Self.load(folder.appending(file))
                found[network.id] = network
            } catch { damages.append("network \(file) not loaded: \(error)") }
        }
        for (name, driver) in Self.predefined where !found.values.contains(where: { $0.name == name }) {
            let network = Self.made(name, driver: driver)
            found[network.id] = network
            // On a full disk it is there all the same, by another ID at the next start.
            do { try Self.save(network, in: folder) } catch {
                damages.append("network \(name) not written down: \(error)")
            }
        }
        self.damages = damages
        state.withLock { [found] in $0.networks = found }
    }

    private static func load(_ path: FilePath) throws -> Network {
        let network = try JSONDecoder().decode(Network.self, from: Data(readFile(path, limit: 1 << 20)))
        guard path.lastComponent?.string == "\(network.id).json" else {
            throw EngineError(.failed, "it is of \(network.id)")
        }
        return network
    }

    /// A new network that is not there yet.
    static func made(_ name: String, driver: String) -> Network {
        var network = Network()
        network.id = randomHex(bytes: 32)
        network.name = name
        network.driver = driver
        network.created = Timestamp.now.description
        return network
    }

    // MARK: What there is

    /// By name.
    func all() -> [Network] { state.withLock { $0.networks.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) } } }

    /// Docker's order: full ID, name, unique prefix of an ID.
    func find(_ name: String) throws -> Network {
        try state.withLock { state in
            if let network = state.networks[name] { return network }
            if let network = state.networks.values.first(where: { $0.name == name }) { return network }
            let matches = name.isEmpty ? [] : state.networks.values.filter { $0.id.hasPrefix(name) }
            if matches.count > 1 {
                let reason = "network \(name) is ambiguous (\(matches.count) matches found based on ID prefix)"
                throw EngineError(.invalid, reason)
            }
            guard let network = matches.first else { throw EngineError.noSuchNetwork(name) }
            return network
        }
    }

    /// The running containers in it.
    func members(of id: String) -> Set<String> { state.withLock { $0.members[id] ?? [] } }

    // MARK: Making and removing

    /// Adds a network whose name no other has, and whose addresses none uses; `fill` names those that it lacks, away from
    /// the others'.
    func add(
        _ asked: Network,
        beside standard: [AddressRange],
        _ fill: (inout Network, [AddressRange]) throws -> Void
    ) throws -> Network {
        try state.withLock { state in
            var network = asked
            if state.networks.values.contains(where: { $0.name == network.name }) {
                throw EngineError(.conflict, "network with name \(network.name) already exists")
            }
            let taken = state.networks.values.flatMap(\.allRanges) + standard
            if network.allRanges.contains(where: { taken.contains(where: $0.overlaps) }) {
                throw EngineError(
                    .forbidden,
                    "invalid pool request: Pool overlaps with other one on this address space"
                )
            }
            network.hasOwnRanges = !network.allRanges.isEmpty
            try fill(&network, taken)
            try Self.save(network, in: folder)
            state.networks[network.id] = network
            return network
        }
    }

    private static func save(_ network: Network, in folder: FilePath) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try writeAtomically(Array(try encoder.encode(network)), to: folder.appending("\(network.id).json"))
        try flushNames(in: folder)
    }

    /// The network as it is now; `fill` names addresses that one of an earlier version lacks, away from the others'.
    func complete(_ id: String, _ fill: (inout Network, [AddressRange]) throws -> Void) throws -> Network {
        try state.withLock { state in
            guard var network = state.networks[id] else { throw EngineError.noSuchNetwork(id) }
            if network.allRanges.contains(where: { !$0.isIPv6 }) { return network }
            network.hasOwnRanges = !network.allRanges.isEmpty
            try fill(&network, state.networks.values.flatMap(\.allRanges))
            try Self.save(network, in: folder)
            state.networks[id] = network
            return network
        }
    }

    /// Those that files of somebody else's describe are these from now on, and nothing of them is written down; one that a
    /// running container is in stays. Gives the names that networks of our own have already.
    func show(_ others: [Network]) -> [String] {
        state.withLock { state in
            let ids = Set(others.map(\.id))
            state.networks = state.networks.filter { id, network in
                !network.isByPlugins || ids.contains(id) || !(state.members[id] ?? []).isEmpty
            }
            let own = Set(state.networks.values.filter { !$0.isByPlugins }.map(\.name))
            for network in others where !own.contains(network.name) { state.networks[network.id] = network }
            return others.map(\.name).filter(own.contains).sorted()
        }
    }

    /// Removes a network; `inUse` says why not, of the containers that are in it.
    func remove(_ id: String, inUse: (Set<String>) -> EngineError) throws {
        try state.withLock { state in
            guard state.networks[id] != nil else { throw EngineError.noSuchNetwork(id) }
            if let members = state.members[id], !members.isEmpty { throw inUse(members) }
            let file = folder.appending("\(id).json")
            try sys("remove \(file)") { unlink(file.string) }
            state.networks[id] = nil
            try flushNames(in: folder)
        }
    }

    // MARK: Who is where

    /// A container that runs is in the network from now on; false where it was already. Throws where the network is gone.
    func enter(_ id: String, _ container: String) throws -> Bool {
        try state.withLock { state in
            guard state.networks[id] != nil else { throw EngineError.noSuchNetwork(id) }
            return state.members[id, default: []].insert(container).inserted
        }
    }

    /// The container is in the network no more; false where it was not.
    func leave(_ id: String, _ container: String) -> Bool {
        state.withLock { $0.members[id]?.remove(container) != nil }
    }

    /// The container has ended; gives the networks that it was in.
    func leaveAll(_ container: String) -> [Network] {
        state.withLock { state in
            let left = state.members.filter { $0.value.contains(container) }.keys
            for id in left { state.members[id]?.remove(container) }
            return left.compactMap { state.networks[$0] }.sorted { $0.name < $1.name }
        }
    }
}

extension Network {
    var isPredefined: Bool { NetworkStore.predefined[name] != nil }

    /// The addresses that its user gave it.
    var ranges: [AddressRange] { hasOwnRanges ? allRanges : [] }

    var allRanges: [AddressRange] { addresses.config.compactMap { $0.subnet.flatMap(AddressRange.init) } }

    /// Whether its user named them.
    var hasOwnRanges: Bool {
        get { addresses.options?[Self.ownMark] == nil }
        set {
            addresses.options?[Self.ownMark] = newValue ? nil : "true"
        }
    }

    private static var ownMark: String { "io.varve.automatic" }
}

extension EngineError {
    static func noSuchNetwork(_ name: String) -> Self { Self(.notFound, "network \(name) not found") }
}
