import Linux
import Testing

@testable import Networking

/// What the kernel takes of them is tried end to end; here is what they say.
@Suite struct RulesTests {
    private let rules = Rules(table: "t")

    private func membership() throws -> Rules.Membership {
        Rules.Membership(
            bridge: "br0",
            subnets: [try #require(AddressRange("10.1.0.0/16")), try #require(AddressRange("fd00::/64"))]
        )
    }

    @Test func aNetworkIsAFewElements() throws {
        let network = try membership()
        #expect(
            rules.change(network, add: true).split(separator: "\n").map(String.init) == [
                #"add element inet t bridges { "br0" }"#, #"add element inet t pairs { "br0" . "br0" }"#,
                "add element inet t masked4 { 10.1.0.0/16 }", "add element inet t masked6 { fd00::/64 }",
            ]
        )
        let removed = rules.change(network, add: false)
        #expect(removed == rules.change(network, add: true).replacing("add element", with: "delete element"))
    }

    @Test func whatIsInternalOrClosedOrUnmasked() throws {
        var network = try membership()
        (network.isInternal, network.isOpen) = (true, false)
        let text = rules.change(network, add: true)
        #expect(text.contains(#"inward { "br0" }"#) && !text.contains("masked") && !text.contains("pairs"))
        network = try membership()
        network.isMasked = false
        #expect(!rules.change(network, add: true).contains("masked"))
    }

    @Test(arguments: [
        (nil, "10.1.0.2", "any4 { tcp . 8080 : 10.1.0.2 . 80 }"),
        ("192.0.2.1", "10.1.0.2", "ports4 { 192.0.2.1 . tcp . 8080 : 10.1.0.2 . 80 }"),
        (nil, "fd00::2", "any6 { tcp . 8080 : fd00::2 . 80 }"),
        ("2001:db8::1", "fd00::2", "ports6 { 2001:db8::1 . tcp . 8080 : fd00::2 . 80 }"),
    ])
    func aPortIsOneElement(_ own: String?, _ target: String, _ element: String) throws {
        let port = Rules.PublishedPort(
            kind: "tcp",
            address: own.flatMap(IPAddress.init),
            port: 8080,
            target: try #require(IPAddress(target)),
            targetPort: 80
        )
        #expect(rules.change([port], add: true) == "add element inet t \(element)\n")
        let key = element.prefix { $0 != ":" || own?.contains(":") == true }
        #expect(rules.change([port], add: false).hasPrefix("delete element inet t \(key.prefix(12))"))
        #expect(!rules.change([port], add: false).contains(target))
    }

    @Test func loopbackNeedsNone() throws {
        let target = try #require(IPAddress("10.1.0.2"))
        for own in ["127.0.0.1", "127.9.9.9"] {
            let port = Rules.PublishedPort(kind: "tcp", address: IPAddress(own), port: 1, target: target, targetPort: 1)
            #expect(rules.change([port], add: true) == "")
        }
    }
}

@Suite struct NameServerTests {
    @Test func aLineAContainer() throws {
        let addresses = try ["10.1.0.2", "fd00::2"].map { try #require(IPAddress($0)) }
        let entry = NameServer.Entry(container: "id", addresses: addresses, names: ["Web", "www"], servers: [])
        #expect(entry.line == "id 10.1.0.2 fd00::2 web,www\n")
        let own = NameServer.Entry(container: "id", addresses: [addresses[0]], names: ["web"], servers: ["192.0.2.53"])
        #expect(own.line == "id 10.1.0.2  web 192.0.2.53\n")
    }

    /// What a user names a container or an alias can't become another field, or another line.
    @Test(arguments: ["a b", "a\nid 10.9.9.9  evil", "a,evil", "a\tb", "a\u{2028}b"])
    func namesStayNames(_ name: String) throws {
        let address = try #require(IPAddress("10.1.0.2"))
        let line = NameServer.Entry(container: "id", addresses: [address], names: [name], servers: []).line
        #expect(line.split(separator: "\n").count == 1 && line.split(separator: " ").count == 3)
        #expect(!line.contains(",evil"))
    }
}
