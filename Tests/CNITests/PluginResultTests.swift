import Linux
import Testing

@testable import CNI

private func result(_ text: String) throws -> PluginResult { try PluginResult(JSON(parsing: Array(text.utf8))) }

@Suite struct PluginResultTests {
    private static let usual = #"""
        {"cniVersion": "1.0.0", "interfaces": [{"name": "cni0", "mac": "02:00:00:00:00:01"},
         {"name": "eth0", "mac": "02:00:00:00:00:02", "sandbox": "/n"}, {"name": "eth0", "mac": "02:00:00:00:00:03"}],
         "ips": [{"interface": 0, "address": "10.1.0.9/24"}, {"interface": 1, "address": "10.1.0.2/24", "gateway": "10.1.0.1"},
          {"version": "6", "address": "fd00::2/64", "gateway": "fd00::1"}],
         "routes": [{"dst": "10.9.0.0/16", "gw": "10.1.0.7"}, {"dst": "0.0.0.0/0"}, {"dst": "::/0", "gw": "fd00::5"}],
         "dns": {"nameservers": ["10.1.0.1"], "domain": "shop", "options": ["ndots:2"]}}
        """#

    @Test func whatTheContainerHasIsFound() throws {
        let found = try result(Self.usual)
        #expect(found.mac(of: "eth0") == "02:00:00:00:00:02")
        #expect(found.address(ipv6: false, of: "eth0")?.address.description == "10.1.0.2")
        #expect(found.address(ipv6: false, of: "eth0")?.bits == 24)
        // Without a number it can only be the container's.
        #expect(found.address(ipv6: true, of: "eth0")?.address.description == "fd00::2")
        #expect(found.wayOut(ipv6: false, of: "eth0")?.description == "10.1.0.1")
        #expect(found.wayOut(ipv6: true, of: "eth0")?.description == "fd00::5")
        #expect(found.lookup.servers == ["10.1.0.1"] && found.lookup.search == ["shop"])
    }

    @Test func withoutARouteThereIsNoWayOut() throws {
        let found = try result(#"{"ips": [{"address": "10.1.0.2/24", "gateway": "10.1.0.1"}]}"#)
        #expect(found.wayOut(ipv6: false, of: "eth0") == nil && found.mac(of: "eth0") == "")
    }

    @Test(arguments: [
        (#"[]"#, ""), (#"{"ips": {}}"#, "ips"), (#"{"ips": [{"address": "10.0.0.1"}]}"#, "ips[0].address"),
        (#"{"ips": [{"address": "10.0.0.1/24", "interface": "x"}]}"#, "ips[0].interface"),
        (#"{"ips": [{"address": "10.0.0.1/24", "gateway": "x"}]}"#, "ips[0].gateway"),
        (#"{"routes": [{"dst": "x"}]}"#, "routes[0].dst"), (#"{"interfaces": [{"mac": "a\nb"}]}"#, "interfaces[0].mac"),
        (#"{"dns": {"nameservers": ["x\nnameserver 1.1.1.1"]}}"#, "dns.nameservers"),
        (#"{"dns": {"search": ["a\noptions b"]}}"#, "dns.search"), (#"{"dns": []}"#, "dns"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ key: String) throws {
        let error = #expect(throws: FormatError.self) { try result(text) }
        #expect(error?.key == key)
    }

    @Test func moreThanAContainerCanHaveIsRefused() throws {
        let ips = Array(repeating: #"{"address": "10.0.0.1/24"}"#, count: 257).joined(separator: ",")
        #expect(throws: FormatError("ips", "a list of more than 256")) { try result(#"{"ips": [\#(ips)]}"#) }
    }
}
