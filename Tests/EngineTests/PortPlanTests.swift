import DockerAPI
import Linux
import Networking
import RuntimeProtocol
import Testing

@testable import Engine

@Suite struct PortPlanTests {
    private func host(_ bindings: [String: [(String, String)]], all: Bool = false) -> HostConfig {
        var host = HostConfig()
        host.portBindings = bindings.mapValues { list in
            list.map { place in
                var binding = PortBinding()
                (binding.hostIP, binding.hostPort) = place
                return binding
            }
        }
        host.publishAllPorts = all
        return host
    }

    private var lease: Lease {
        var lease = Lease(network: "n", port: "veth0", interface: "eth0", mac: "")
        (lease.ipv4, lease.ipv6) = ("10.1.0.2", "fd00::2")
        return lease
    }

    @Test func whatIsAskedOfTheMonitor() throws {
        let wanted = try PortPlan.wanted(
            host(["80/tcp": [("", "8080"), ("::1", "8081-8083")], "53/udp": [("192.0.2.1", "")]]),
            exposed: []
        )
        let requests = try PortPlan.requests(wanted, to: lease, standard: "")
        #expect(requests.map(\.kind) == ["udp", "tcp", "tcp"])
        #expect(requests.map(\.address) == ["192.0.2.1", "", "::1"])
        #expect(requests.map(\.first) == [0, 8080, 8081] && requests.map(\.last) == [0, 8080, 8083])
        #expect(requests.map(\.target) == ["10.1.0.2", "10.1.0.2", "fd00::2"])
        #expect(try PortPlan.requests(wanted, to: lease, standard: "127.0.0.1")[1].address == "127.0.0.1")
    }

    @Test func allThatAnImageSaysItHas() throws {
        let wanted = try PortPlan.wanted(
            host(["80/tcp": [("", "8080")]], all: true),
            exposed: ["80/tcp", "53/udp", "81"]
        )
        #expect(wanted.map { "\($0.port)/\($0.kind)=\($0.binding.hostPort)" } == ["80/tcp=8080", "53/udp=", "81/tcp="])
    }

    @Test func whereTheyLead() throws {
        let requests = try PortPlan.requests(
            PortPlan.wanted(host(["80/tcp": [("", "")]]), exposed: []),
            to: lease,
            standard: ""
        )
        let taken = [[BoundPort(address: "0.0.0.0", port: 4000), BoundPort(address: "::", port: 4000)]]
        let ports = PortPlan.published(requests, taken, lease)
        #expect(ports.map(\.target) == ["10.1.0.2", "fd00::2"])
        #expect(ports.compactMap(\.rule).map(\.address) == [nil, nil])
        var plain = lease
        plain.ipv6 = nil
        // By IPv6 only the proxy leads there.
        #expect(PortPlan.published(requests, taken, plain).map { $0.rule == nil } == [false, true])
    }

    @Test(arguments: ["0/tcp", "80/x", "x", "", "80/tcp/udp", "65536", "-1"])
    func portsThatAreNone(_ text: String) { #expect(throws: EngineError.self) { try PortPlan.split(text) } }

    @Test(arguments: ["9-8", "x", "1-2-3", "70000", "-"])
    func rangesThatAreNone(_ text: String) { #expect(throws: EngineError.self) { try PortPlan.range(text) } }
}

@Suite struct NetworkPlanTests {
    @Test(arguments: [
        ("com.docker.network.bridge.name", "a/b"), ("com.docker.network.bridge.name", "sixteen-letters-"),
        ("com.docker.network.bridge.name", "a\"b"), ("com.docker.network.bridge.name", "a b"),
        ("com.docker.network.bridge.name", ""), ("com.docker.network.bridge.name", ".."),
        ("com.docker.network.bridge.enable_icc", "perhaps"), ("com.docker.network.driver.mtu", "1"),
        ("com.docker.network.bridge.host_binding_ipv4", "x"),
        ("com.docker.network.container_iface_prefix", "a\nb"),
    ])
    func optionsThatMakeNoSense(_ key: String, _ value: String) {
        var network = NetworkStore.made("own", driver: "bridge")
        network.options = [key: value]
        #expect(throws: EngineError.self) { try NetworkPlan.make(network, dataRoot: "/d") }
    }

    @Test func whatItIsToBe() throws {
        var network = NetworkStore.made("own", driver: "bridge")
        var pool = AddressPool()
        (pool.subnet, pool.range, pool.auxiliary) = ("10.1.0.0/16", "10.1.4.0/24", ["a": "10.1.0.7"])
        network.addresses.config = [pool]
        network.options = ["com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.enable_icc": "false"]
        let plan = try NetworkPlan.make(network, dataRoot: "/d")
        #expect(plan.bridge == "br-\(network.id.prefix(12))" && plan.mtu == 1400 && !plan.isOpen && plan.isMasked)
        #expect(
            plan.subnets.first?.gateway.description == "10.1.0.1"
                && plan.label == "varve network \(network.id.prefix(12)) of /d"
        )
        #expect(NetworkPlan.label("bridge", "/" + String(repeating: "x", count: 300)).utf8.count <= 250)
    }

    @Test func addressesForWhatWasLeftOpen() throws {
        var network = NetworkStore.made("own", driver: "bridge")
        network.hasIPv6 = true
        try NetworkPlan.fill(&network, SubnetPool.standard, without: [try #require(AddressRange("172.17.0.0/16"))])
        #expect(network.addresses.config.map(\.gateway).first == "172.18.0.1")
        #expect(network.addresses.config.last?.subnet?.hasPrefix("fd") == true && network.addresses.config.count == 2)
    }

    @Test(arguments: [
        "kernel.core_pattern=x", "net.ipv4.conf.eth0.forwarding=1", "net.ipv4.conf...forwarding=1",
        "net.ipv4.ip_forward=1",
        "net.ipv4.conf.IFNAME./../x=1", "net.ipv4.conf.IFNAME.forwarding", "net.core.conf.IFNAME.x=1",
    ])
    func settingsOfAnInterface(_ text: String) {
        #expect(throws: EngineError.self) { try EndpointSettings.parse(text) }
    }

    @Test func settingsThatAreSome() throws {
        #expect(
            try EndpointSettings.parse("net.ipv4.conf.ifname.log_martians=1,net.ipv6.neigh.IFNAME.mcast_solicit=2")
                == ["ipv4/conf/IFNAME/log_martians": "1", "ipv6/neigh/IFNAME/mcast_solicit": "2"]
        )
    }
}
