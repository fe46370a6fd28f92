import Testing

@testable import CNI

private func list(_ text: String) throws -> ConfigurationList { try ConfigurationList(parsing: Array(text.utf8)) }

@Suite struct ConfigurationListTests {
    @Test func aListHasItsPlugInsInOrder() throws {
        let found = try list(
            #"{"cniVersion": "1.0.0", "name": "shop", "plugins": [{"type": "bridge", "mtu": 1400, "capabilities": "#
                + #"{"ips": true, "mac": false}}, {"type": "portmap", "capabilities": {"portMappings": true}}]}"#
        )
        #expect(found.name == "shop" && found.version == "1.0.0" && found.plugins.map(\.type) == ["bridge", "portmap"])
        #expect(found.can("ips") && !found.can("mac") && found.can("portMappings"))
        #expect(found.plugins[0].configuration["mtu"] == .whole(1400))
    }

    @Test func onePlugInIsAListOfOne() throws {
        let found = try list(
            #"{"cniVersion": "0.3.1", "name": "shop", "type": "ptp", "ipam": {"type": "host-local", "#
                + #""ranges": [[{"subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}], [{"subnet": "fd00::/64"}]]}}"#
        )
        #expect(found.plugins.map(\.type) == ["ptp"] && found.plugins[0].addressType == "host-local")
        #expect(found.plugins[0].subnets.map(\.subnet) == ["10.1.0.0/24", "fd00::/64"])
        #expect(found.plugins[0].subnets.map(\.gateway) == ["10.1.0.1", nil])
    }

    @Test func theNewestOfSeveralVersionsCounts() throws {
        let text = #"{"cniVersions": ["0.4.0", "1.1.0", "9.0.0", "1.0.0"], "name": "a", "type": "b"}"#
        #expect(try list(text).version == "1.1.0")
    }

    @Test(arguments: [
        ("", ""), ("[]", ""), ("{}", "name"), (#"{"name": 1}"#, "name"), (#"{"name": "../x"}"#, "name"),
        (#"{"name": "a"}"#, "cniVersion"), (#"{"name": "a", "cniVersion": "0.2.0"}"#, "cniVersion"),
        (#"{"name": "a", "cniVersion": "1.0.0"}"#, "type"),
        (#"{"name": "a", "cniVersion": "1.0.0", "plugins": {}}"#, "plugins"),
        (#"{"name": "a", "cniVersion": "1.0.0", "plugins": []}"#, "plugins"),
        (#"{"name": "a", "cniVersion": "1.0.0", "plugins": [1]}"#, "plugins[0]"),
        (#"{"name": "a", "cniVersion": "1.0.0", "plugins": [{"type": "../../bin/sh"}]}"#, "plugins[0].type"),
        (#"{"name": "a", "cniVersion": "1.0.0", "type": "b", "capabilities": []}"#, "capabilities"),
        (#"{"name": "a", "cniVersion": "1.0.0", "type": "b", "capabilities": {"ips": 1}}"#, "capabilities.ips"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ key: String) throws {
        let error = #expect(throws: FormatError.self) { try list(text) }
        #expect(error?.key == key)
    }

    @Test func nestingHasAnEnd() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: FormatError("", "nested more than 64 deep")) { try list(#"{"name": "# + deep) }
    }

    @Test func whatStandsInTextsIsNotNested() throws {
        let text = String(repeating: #"[{\""#, count: 100)
        let lists = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        let found = try list(#"{"name": "a", "cniVersion": "1.0.0", "type": "b", "c": "\#(text)", "d": \#(lists)}"#)
        #expect(found.name == "a")
        let more = "[\(lists)]"
        #expect(throws: FormatError("", "nested more than 64 deep")) { try list(#"{"c": "\\", "d": \#(more)}"#) }
    }

    @Test func aPlugInIsToldWhatItCanDo() throws {
        let found = try list(
            #"{"cniVersion": "1.0.0", "name": "shop", "plugins": [{"type": "portmap", "capabilities": "#
                + #"{"portMappings": true}, "snat": true}]}"#
        )
        var attachment = CNI.Attachment(found, container: "c", namespace: "/n", interface: "eth0")
        attachment.wishes = ["portMappings": .list([]), "mac": .text("02:00:00:00:00:01")]
        let told = attachment.configuration(for: found.plugins[0], .object(["ips": .list([])]))
        let wanted =
            #"{"cniVersion":"1.0.0","name":"shop","prevResult":{"ips":[]},"runtimeConfig":{"portMappings":[]},"#
            + #""snat":true,"type":"portmap"}"#
        #expect(String(decoding: told.bytes, as: UTF8.self) == wanted)
    }
}
