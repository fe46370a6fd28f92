import Linux
import Synchronization

/// The networks of one daemon as they are in the kernel: bridges and rules. `Leases.swift` has what containers have of them.
///
/// A network is made when the first one needs it. Synchronous; safe to call from any thread that may block.
package final class BridgeNetworks: Sendable {
    struct Up {
        var network: BridgeNetwork
        /// The bridge's number.
        var index: Int32
        var books: [AddressBook]
    }

    struct State {
        var up: [String: Up] = [:]
        /// Of each container.
        var ports: [String: [Rules.PublishedPort]] = [:]
        /// Whose containers have ended, by the host's end of their pair: the kernel takes it away in its own time, and many
        /// of them at once. Until then nobody else gets the address.
        var leaving: [String: Lease] = [:]
        /// Whether the table is there.
        var hasTable = false
        /// Which packets the host passes on because of us (`ipv4`, `ipv6`): then only those from bridges and to bridges.
        var guarded: Set<String>
    }

    /// What another program may see to instead (dockerd's `iptables`, `ip-forward`, `ip-forward-no-drop`).
    package struct Duties: Sendable, Equatable {
        package var setsRules = true
        package var forwards = true
        package var guards = true

        package init() {}
    }

    private let rules: Rules
    private let filter: PacketFilter
    private let duties: Duties
    let state: Mutex<State>

    /// `guarded`: what a daemon before has let the host pass on.
    package init(table: String, _ duties: Duties, guarded: Set<String>) throws(NetworkError) {
        rules = Rules(table: table)
        self.duties = duties
        filter = try PacketFilter()
        state = Mutex(State(guarded: guarded))
    }

    // MARK: Networks

    /// Makes the network, if it is not there; with `rulesLater` until `renewRules` those of a daemon before hold.
    package func bringUp(_ network: BridgeNetwork, rulesLater: Bool = false) throws {
        try state.withLock { state in
            // Somebody may have removed the bridge.
            if let up = state.up[network.id], (try? interfaceIndex(up.network.bridge)) == up.index { return }
            if duties.forwards, !network.isInternal { try forward(network, &state) }
            let (index, isNew) = try bridge(of: network)
            let before = state.up[network.id]
            state.up[network.id] = Up(network: network, index: index, books: before?.books ?? network.books)
            guard before == nil, !rulesLater else { return }
            do {
                try apply(state.hasTable ? rules.change(network.membership, add: true) : everything(state), &state)
            } catch {
                state.up[network.id] = nil
                if isNew { try? Bridge.remove(network.bridge) }
                throw error
            }
        }
    }

    private func bridge(of network: BridgeNetwork) throws -> (index: Int32, isNew: Bool) {
        if network.isForeign { return (try interfaceIndex(network.bridge), false) }
        return try Bridge(network.bridge, network.addresses, mtu: network.mtu).make(owner: network.label)
    }

    private func forward(_ network: BridgeNetwork, _ state: inout State) throws {
        // With IPv6, hosts that learn their routes from a router stop to learn: as with dockerd.
        let families = network.subnets.contains(where: \.range.isIPv6) ? [false, true] : [false]
        for isIPv6 in families where try InterfaceSetting.forward(ipv6: isIPv6) && duties.guards {
            state.guarded.insert(isIPv6 ? "ipv6" : "ipv4")
            state.hasTable = false
        }
    }

    /// What the host passes on because of us: the next daemon must know.
    package var guarded: Set<String> { state.withLock(\.guarded) }

    /// Those that are there.
    package var all: Set<String> { state.withLock { Set($0.up.keys) } }

    /// Takes the network away, with all that is in it.
    package func takeDown(_ id: String) throws {
        try state.withLock { state in
            guard let up = state.up.removeValue(forKey: id) else { return }
            if !up.network.isForeign { try Bridge.remove(up.network.bridge) }
            if state.up.isEmpty {
                try apply(rules.gone, &state)
                state.hasTable = false
            } else {
                try apply(rules.change(up.network.membership, add: false), &state)
            }
        }
    }

    // MARK: Rules

    private func fresh(_ state: State) -> String { rules.fresh(guarding: duties.guards ? state.guarded : []) }

    /// All rules, as they are to be.
    private func everything(_ state: State) -> String {
        let networks = state.up.values.map { rules.change($0.network.membership, add: true) }.sorted()
        return fresh(state) + networks.joined() + rules.change(state.ports.values.flatMap { $0 }, add: true)
    }

    /// Carries `commands` out, which lead to what `state` says; where they fail, since somebody has made other rules of ours,
    /// all of them are written anew.
    private func apply(_ commands: String, _ state: inout State) throws(NetworkError) {
        guard duties.setsRules else { return }
        do throws(NetworkError) { try filter.run(commands) } catch {
            guard !state.up.isEmpty else { throw error }
            try filter.run(everything(state))
        }
        state.hasTable = true
    }

    /// Writes all rules anew: what a daemon before, or somebody else, has made of them is gone.
    package func renewRules() throws {
        try state.withLock { state in
            try apply(state.up.isEmpty ? rules.gone : everything(state), &state)
            state.hasTable = !state.up.isEmpty
        }
    }

    /// From now on these ports of the host, and no others, lead to the container.
    package func publish(_ ports: [Rules.PublishedPort], of container: String) throws {
        try state.withLock { state in
            let old = state.ports[container] ?? []
            guard old != ports else { return }
            state.ports[container] = ports.isEmpty ? nil : ports
            do { try apply(rules.change(old, add: false) + rules.change(ports, add: true), &state) } catch {
                state.ports[container] = nil
                throw error
            }
        }
    }

    /// Takes note of what a container has that ran on while there was no daemon, for `renewRules`.
    package func adopt(_ ports: [Rules.PublishedPort], of container: String) {
        state.withLock { $0.ports[container] = ports.isEmpty ? nil : ports }
    }
}
