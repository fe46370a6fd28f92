import Dispatch
import DockerAPI
import Hashing
import Linux
import Networking
import OCI
import Synchronization
import SystemPackage

/// The kernel's side of networks: bridges, rules, names, and what each running container has of them.
///
/// Synchronous; safe to call from any thread that may block.
final class NetworkService: Sendable {
    private struct State {
        var attachments: [String: Attachments] = [:]
        /// The default network, once it is decided.
        var standard: BridgeNetwork?
        /// What is written down of what the host passes on because of us.
        var guarded: Set<String> = []
        /// Whether interfaces of containers that ended will be looked at.
        var removesSoon = false
    }

    let bridges: BridgeNetworks
    let settings: BridgeSettings
    let names: NameServer
    private let networks: NetworkStore
    private let dataRoot: String
    /// Says what the host passes on because of us.
    private let forwardingMark: FilePath
    private let state = Mutex(State())

    init(_ settings: BridgeSettings, dataRoot: FilePath, execRoot: FilePath, networks: NetworkStore) throws {
        self.settings = settings
        self.networks = networks
        forwardingMark = execRoot.appending("forwarding")
        self.dataRoot = dataRoot.string
        // One of the usual place has the plain name; others can be beside it.
        let isUsual = dataRoot.string == "/var/lib/varve"
        let table = isUsual ? "varve" : "varve-" + Digest.of(dataRoot.string.utf8).hex.prefix(8)
        let guarded =
            (try? readFile(forwardingMark)).map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
        bridges = try BridgeNetworks(table: table, settings.duties, guarded: Set(guarded.map(String.init)))
        names = NameServer(folder: execRoot.appending("names"))
    }

    // MARK: Networks

    /// A network as the kernel is to have it.
    func plan(_ network: Network) throws -> BridgeNetwork {
        if network.name == "bridge" { return try standard(network.id) }
        // One of an earlier version may have no addresses.
        let whole = try networks.complete(network.id) { network, others in
            try NetworkPlan.fill(&network, settings.pools, without: try takenRanges() + others)
        }
        return try NetworkPlan.make(whole, dataRoot: dataRoot)
    }

    /// Makes the network, if it is not there.
    func bringUp(_ network: BridgeNetwork) throws {
        try bridges.bringUp(network)
        let guarded = bridges.guarded
        let isNew = state.withLock { state in
            defer { state.guarded = guarded }
            return state.guarded != guarded
        }
        guard isNew else { return }
        let text = guarded.sorted().map { $0 + "\n" }.joined()
        try writeAtomically(Array(text.utf8), to: forwardingMark, flush: false)
    }

    /// The default network: on the bridge that the daemon was told of, on the one that it made before, or on a new one.
    func standard(_ id: String) throws -> BridgeNetwork {
        try state.withLock { state in
            // Until it is there, another daemon may take what it was to have.
            if let known = state.standard, bridges.all.contains(id) { return known }
            let isUsed = state.attachments.values.contains { $0.leases.contains { $0.network == id } }
            var plan = try decideStandard(id, isUsed: isUsed)
            (plan.isOpen, plan.isMasked, plan.mtu) = (settings.isOpen, settings.isMasked, settings.mtu)
            if let part = settings.part, let own = plan.subnets.firstIndex(where: { !$0.range.isIPv6 }) {
                guard plan.subnets[own].range.contains(part.first), part.bits >= plan.subnets[own].range.bits else {
                    let reason = "fixed-cidr \(part) is not in the default bridge's network \(plan.subnets[own].range)"
                    throw EngineError(.failed, reason)
                }
                plan.subnets[own].part = part
            }
            state.standard = plan
            return plan
        }
    }

    private func decideStandard(_ id: String, isUsed: Bool) throws -> BridgeNetwork {
        guard settings.hasDefault else {
            throw EngineError(.notFound, "the default network is switched off (bridge: none): use --network")
        }
        let label = NetworkPlan.label("bridge", dataRoot)
        let socket = try NetlinkSocket()
        let links = try socket.links()
        let own = links.first { $0.alias == label && (settings.name.isEmpty || $0.name == settings.name) }
        let named = settings.name.isEmpty ? nil : links.first { $0.name == settings.name }
        if let there = own ?? named {
            let subnets = try socket.addresses(of: there.index).compactMap { address -> BridgeNetwork.Subnet? in
                guard let range = AddressRange("\(address)"), !address.address.isIPv6 || address.bits < 64 else {
                    return nil
                }
                return BridgeNetwork.Subnet(range, gateway: address.address)
            }
            let isAsTold = settings.address.map { told in subnets.contains { $0.gateway == told.address } } ?? true
            // Under running containers it stays as it is.
            if !subnets.isEmpty, own == nil || isAsTold || isUsed {
                var plan = BridgeNetwork(id: id, label: label, bridge: there.name, subnets: subnets)
                plan.isForeign = own == nil
                return plan
            }
            guard own != nil else {
                throw EngineError(
                    .failed,
                    "the bridge \(there.name) has no address: give it one, or name another with --bridge"
                )
            }
            try Bridge.remove(there.name)
        }
        let name = settings.name.isEmpty ? Self.freeName(links.map(\.name)) : settings.name
        return BridgeNetwork(id: id, label: label, bridge: name, subnets: [try standardSubnet(socket)])
    }

    private static func freeName(_ taken: [String]) -> String {
        (0...taken.count).lazy.map { "varve\($0)" }.first { !taken.contains($0) } ?? "varve0"
    }

    private func standardSubnet(_ socket: borrowing NetlinkSocket) throws -> BridgeNetwork.Subnet {
        if let given = settings.address, let range = AddressRange("\(given)") {
            return BridgeNetwork.Subnet(range, gateway: given.address)
        }
        if let part = settings.part { return BridgeNetwork.Subnet(part, gateway: nil) }
        let taken = try socket.routes() + networks.all().flatMap(\.allRanges)
        return BridgeNetwork.Subnet(try SubnetPool.free(in: settings.pools, without: taken), gateway: nil)
    }

    /// What no network may have that is looked for: this host's routes.
    func takenRanges() throws -> [AddressRange] { try NetlinkSocket().routes() }

    /// The default network's ranges, which no other may overlap.
    func standardRanges() throws -> [AddressRange] {
        settings.hasDefault ? try standard(try networks.find("bridge").id).subnets.map(\.range) : []
    }

    /// Removes bridges that a daemon before has made and nobody uses.
    func removeUnused(_ networks: [Network]) throws {
        let links = try NetlinkSocket().links()
        // After they were listed: one that comes meanwhile is not among them.
        let kept = bridges.all.union(used)
        let labels = networks.filter { kept.contains($0.id) }.map {
            NetworkPlan.label($0.name == "bridge" ? "bridge" : String($0.id.prefix(12)), dataRoot)
        }
        let mark = NetworkPlan.label("", dataRoot).dropFirst("varve network ".count)
        for link in links
        where link.alias.hasPrefix("varve network ") && link.alias.hasSuffix(mark) && !labels.contains(link.alias) {
            try Bridge.remove(link.name)
        }
    }

    // MARK: Containers

    func attachments(of container: String) -> Attachments? { state.withLock { $0.attachments[container] } }

    func set(_ attachments: Attachments, of container: String) {
        state.withLock { $0.attachments[container] = attachments }
    }

    /// Takes everything back that the container has; what can't be is told, and the rest goes all the same.
    func release(_ container: String, in folder: FilePath) -> [any Error] {
        let known = state.withLock { $0.attachments.removeValue(forKey: container) }
        let had = known ?? Attachments(in: folder)
        guard known != nil else {
            // This daemon has not given it what it has: it is no one's to give again.
            return had.leases.filter { !$0.isByPlugins }.compactMap { lease in
                do { try Cable.unplug(lease.port) } catch { return error }
                return nil
            }
        }
        var failures: [any Error] = []
        func attempt(_ body: () throws -> Void) { do { try body() } catch { failures.append(error) } }
        attempt { try bridges.publish([], of: container) }
        for lease in had.leases where !lease.isByPlugins {
            bridges.letGo(lease)
            if had.names[lease.network] != nil { attempt { try renewNames(of: lease.network) } }
        }
        if !had.leases.isEmpty { removeLeftSoon() }
        return failures
    }

    /// To take an interface away takes the kernel 20 ms during which nothing else can be done to any: it is quicker with
    /// those of many containers at once, as it does by itself when their networks end.
    private func removeLeftSoon() {
        let isFirst = state.withLock { state in
            defer { state.removesSoon = true }
            return !state.removesSoon
        }
        guard isFirst else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(200)) { [self] in
            state.withLock { $0.removesSoon = false }
            // What is left is tried again with the next one, and when a daemon begins.
            try? bridges.removeLeft()
        }
    }

    /// Lets the name server know who is in the network.
    func renewNames(of network: String) throws {
        try names.renew(network) {
            let members = state.withLock { state in
                state.attachments.compactMap { id, attachments -> (entry: NameServer.Entry, servers: [IPAddress])? in
                    guard let names = attachments.names[network],
                        let lease = attachments.leases.first(where: { $0.network == network })
                    else { return nil }
                    let addresses = lease.addresses
                    let entry = NameServer.Entry(
                        container: id,
                        addresses: addresses,
                        names: names,
                        servers: attachments.servers
                    )
                    return (entry, lease.servers)
                }
            }.sorted { $0.entry.container < $1.entry.container }
            return (members.map(\.entry), members.first?.servers ?? [])
        }
    }

    /// Which networks running containers are in.
    var used: Set<String> { state.withLock { Set($0.attachments.values.flatMap { $0.leases.map(\.network) }) } }
}
