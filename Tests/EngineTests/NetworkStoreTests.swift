import DockerAPI
import Linux
import SystemPackage
import Testing

@testable import Engine

extension NetworkStore {
    /// One that lacks nothing.
    fileprivate func add(_ network: Network) throws { _ = try add(network, beside: []) { _, _ in } }
}

/// Networks on disk: there or not, whenever the daemon is killed, and never taken from who is in them.
@Suite struct NetworkStoreTests {
    private func withRoot(_ body: (FilePath) throws -> Void) throws {
        let root = FilePath("/var/tmp/varve-networks-\(randomHex(bytes: 6))")
        defer { try? removeTree(root) }
        try makeFolders(root, mode: FilePermissions(rawValue: 0o700))
        try body(root)
    }

    private func names(_ store: NetworkStore) -> [String] { store.all().map(\.name) }

    @Test("the default networks keep their IDs")
    func predefined() throws {
        try withRoot { root in
            let first = try NetworkStore(dataRoot: root).all()
            #expect(
                first.map(\.name) == ["bridge", "host", "none"] && first.map(\.driver) == ["bridge", "host", "null"]
            )
            #expect(try NetworkStore(dataRoot: root).all() == first)
        }
    }

    @Test("a kill at any step of making or removing a network leaves it whole, or not there")
    func killed() throws {
        try withRoot { root in
            var network = NetworkStore.made("own", driver: "bridge")
            network.labels = ["a": "1"]
            for isRemoving in [false, true] {
                for call in 1... {
                    let store = try NetworkStore(dataRoot: root)
                    if isRemoving { try? store.add(network) }
                    let isKilled = try runKilled(beforeCall: call) { [network] in
                        if isRemoving { try? store.remove(network.id) { _ in .noSuchNetwork("") } }
                        if !isRemoving { try? store.add(network) }
                    }
                    let next = try NetworkStore(dataRoot: root)
                    #expect(next.damages == [], "before call \(call)")
                    if let found = try? next.find("own") {
                        #expect(found == network)
                        try next.remove(network.id) { _ in .noSuchNetwork("") }
                    }
                    #expect(try NetworkStore(dataRoot: root).all().map(\.name) == ["bridge", "host", "none"])
                    #expect(try listFolder(root.appending("varve/networks")).count == 3)
                    if !isKilled { break }
                }
            }
        }
    }

    @Test("a network is found by ID, name, and a prefix that is one network's only")
    func finds() throws {
        try withRoot { root in
            let store = try NetworkStore(dataRoot: root)
            for (id, name) in [("ab12", "one"), ("ab34", "ab12x"), ("cd", "ab1")] {
                var network = Network()
                (network.id, network.name) = (id, name)
                try store.add(network)
            }
            // The default networks' IDs are random.
            for network in store.all() where network.isPredefined {
                try store.remove(network.id) { _ in .noSuchNetwork("") }
            }
            #expect(
                try store.find("ab12").name == "one" && store.find("ab1").id == "cd" && store.find("ab3").id == "ab34"
            )
            #expect(throws: EngineError(.invalid, "network a is ambiguous (2 matches found based on ID prefix)")) {
                _ = try store.find("a")
            }
            for missing in ["", "nosuch"] {
                #expect(throws: EngineError.noSuchNetwork(missing)) { try store.find(missing) }
            }
        }
    }

    @Test("no second network has the name or the addresses of another one")
    func refusesTwins() throws {
        try withRoot { root in
            let store = try NetworkStore(dataRoot: root)
            func add(_ name: String, _ subnet: String) throws {
                var network = NetworkStore.made(name, driver: "bridge")
                var pool = AddressPool()
                pool.subnet = subnet
                network.addresses.config = [pool]
                try store.add(network)
            }
            try add("own", "10.1.0.0/16")
            #expect(throws: EngineError(.conflict, "network with name own already exists")) {
                try add("own", "10.2.0.0/16")
            }
            for subnet in ["10.1.0.0/16", "10.1.2.0/24", "10.0.0.0/8"] {
                let refusal = #expect(throws: EngineError.self) { try add("other", subnet) }
                #expect(refusal?.kind == .forbidden)
            }
            try add("other", "10.2.0.0/16")
            #expect(names(try NetworkStore(dataRoot: root)) == ["bridge", "host", "none", "other", "own"])
        }
    }

    @Test("who is in a network keeps it")
    func keepsWhatIsUsed() throws {
        try withRoot { root in
            let store = try NetworkStore(dataRoot: root)
            let network = NetworkStore.made("own", driver: "bridge")
            try store.add(network)
            #expect(try store.enter(network.id, "box") && !store.enter(network.id, "box"))
            #expect(throws: EngineError.noCommand) { try store.remove(network.id) { _ in .noCommand } }
            #expect(store.leaveAll("box").map(\.name) == ["own"] && store.leaveAll("box").isEmpty)
            try store.remove(network.id) { _ in .noCommand }
            #expect(throws: EngineError.noSuchNetwork(network.id)) { try store.enter(network.id, "box") }
        }
    }

    @Test("a file that can't be read is said, and hides no other network")
    func damaged() throws {
        try withRoot { root in
            let network = NetworkStore.made("own", driver: "bridge")
            try NetworkStore(dataRoot: root).add(network)
            let folder = root.appending("varve/networks")
            try writeFile(Array("{".utf8), to: folder.appending("bad.json"), mode: .ownerReadWrite)
            let store = try NetworkStore(dataRoot: root)
            #expect(store.damages.count == 1 && store.damages[0].contains("bad.json"))
            #expect(names(store) == ["bridge", "host", "none", "own"])
        }
    }
}
