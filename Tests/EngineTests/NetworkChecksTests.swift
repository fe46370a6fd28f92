import DockerAPI
import Testing

@testable import Engine

/// What is refused of networks and of places in them.
struct NetworkChecksTests {
    private func refusal(_ change: (inout NetworkCreateRequest) -> Void) -> EngineError? {
        var request = NetworkCreateRequest()
        request.name = "own"
        change(&request)
        do { try NetworkChecks.check(request) } catch { return error as? EngineError }
        return nil
    }

    private func pool(_ subnet: String?, range: String? = nil, gateway: String? = nil) -> AddressManagement {
        var pool = AddressPool()
        (pool.subnet, pool.range, pool.gateway) = (subnet, range, gateway)
        var addresses = AddressManagement()
        addresses.config = [pool]
        return addresses
    }

    @Test func takesWhatDockerTakes() {
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.driver = "bridge" } == nil)
        #expect(refusal { $0.name = "with space/and slash" } == nil)
        #expect(refusal { $0.addresses = pool("10.1.0.0/16", range: "10.1.2.0/24", gateway: "10.1.0.1") } == nil)
        #expect(refusal { $0.addresses = pool("") } == nil)
    }

    @Test(arguments: ["", " ", "a\nb", "container:x", String(repeating: "x", count: 256)])
    func refusesNames(name: String) { #expect(refusal { $0.name = name }?.kind == .invalid) }

    @Test(arguments: ["bridge", "host", "none", "default"])
    func refusesNamesOfItsOwn(name: String) {
        #expect(refusal { $0.name = name }?.description == "operation is not permitted on predefined \(name) network ")
    }

    @Test(arguments: [("host", EngineError.Kind.forbidden), ("macvlan", .unsupported), ("nonsense", .notFound)])
    func refusesDrivers(driver: String, kind: EngineError.Kind) {
        #expect(refusal { $0.driver = driver }?.kind == kind)
    }

    private static let badPools: [(String?, String?, String?, String)] = [
        ("10.1.0.0", nil, nil, "invalid subnet 10.1.0.0: invalid CIDR block notation"),
        ("10.1.2.3/16", nil, nil, "invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16"),
        ("10.1.0.0/16", "10.2.0.0/24", nil, "invalid ip-range 10.2.0.0/24: not in the subnet 10.1.0.0/16"),
        ("10.1.0.0/16", "10.0.0.0/8", nil, "invalid ip-range 10.0.0.0/8: not in the subnet 10.1.0.0/16"),
        ("10.1.0.0/16", nil, "10.2.0.1", "invalid gateway 10.2.0.1: not in the subnet 10.1.0.0/16"),
        ("10.1.0.0/16", nil, "nonsense", "invalid gateway nonsense: invalid address"),
        (nil, nil, "10.2.0.1", "no matching subnet for 10.2.0.1"),
        ("fd00::/64", nil, nil, "invalid subnet fd00::/64: IPv6 is not enabled in the network"),
    ]

    @Test(arguments: badPools)
    func refusesAddresses(subnet: String?, range: String?, gateway: String?, expected: String) {
        let found = refusal { $0.addresses = pool(subnet, range: range, gateway: gateway) }
        #expect(found == EngineError(.invalid, "invalid network config:\n" + expected))
    }

    private func place(_ address: String) -> Endpoint {
        var addresses = EndpointAddresses()
        addresses.ipv4 = address
        var place = Endpoint()
        place.addresses = addresses
        return place
    }

    @Test func givesAddressesOfSubnetsOnly() throws {
        var own = NetworkStore.made("own", driver: "bridge")
        let refused = { (place: Endpoint, network: Network) in
            do { try NetworkChecks.check(place, in: network, network.name) } catch { return "\(error)" }
            return ""
        }
        #expect(
            refused(place("10.1.0.5"), own).contains("only when connecting to networks with user configured subnets")
        )
        own.addresses = pool("10.1.0.0/16")
        #expect(
            refused(place("10.1.0.5"), own) == "" && refused(place("10.2.0.5"), own).contains("no configured subnet")
        )
        #expect(refused(place("nonsense"), own).contains("invalid IPv4 address: nonsense"))
        let bridge = NetworkStore.made("bridge", driver: "bridge")
        #expect(refused(place("10.1.0.5"), bridge).contains("supported on user defined networks only"))
        var named = Endpoint()
        named.aliases = ["web"]
        #expect(refused(named, own) == "" && refused(named, bridge).contains("network-scoped alias"))
        named.macAddress = "02:42:ac:11:00"
        #expect(refused(named, own).contains("invalid MAC address"))
    }

    @Test func refusesToMixWhatCannotBe() {
        func isRefused(_ name: String, _ others: [String], mode: String) -> Bool {
            (try? NetworkChecks.check(name, beside: others, mode: mode)) == nil
        }
        #expect(!isRefused("own", ["bridge"], mode: "bridge") && !isRefused("host", [], mode: "host"))
        #expect(isRefused("own", ["none"], mode: "none") && isRefused("none", ["own"], mode: "own"))
        #expect(isRefused("own", ["host"], mode: "host") && isRefused("host", [], mode: "bridge"))
        #expect(isRefused("own", [], mode: "container:x"))
    }
}
