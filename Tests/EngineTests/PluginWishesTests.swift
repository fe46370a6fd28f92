import CNI
import DockerAPI
import OCI
import SystemPackage
import Testing

@testable import Engine

/// What plug-ins are told of a container's wishes.
@Suite struct PluginWishesTests {
    private func wishes(can: [String], _ ports: [Attachments.Published] = []) throws -> PluginWishes {
        let flags = can.map { "\"\($0)\": true" }.joined(separator: ",")
        let text = #"{"cniVersion": "1.0.0", "name": "shop", "type": "bridge", "capabilities": {\#(flags)}}"#
        var (place, addresses, host) = (Endpoint(), EndpointAddresses(), HostConfig())
        let record = ContainerRecord(
            id: "",
            name: "web",
            created: "",
            folder: "/c",
            config: ContainerConfig(),
            image: "",
            driver: "vfs"
        )
        addresses.ipv4 = "10.1.0.5"
        (place.addresses, place.macAddress, place.aliases) = (addresses, "02-00-00-00-00-AA", ["www"])
        host.dns = ["10.1.0.1"]
        return PluginWishes(place, record, host, try ConfigurationList(parsing: Array(text.utf8)), ports)
    }

    private func port(_ address: String, _ port: UInt16) -> Attachments.Published {
        Attachments.Published(kind: "tcp", address: address, port: port, target: "10.1.0.5", targetPort: 80)
    }

    @Test func whoCanIsAskedByItsConfiguration() throws {
        let asked = try wishes(can: ["ips", "mac"])
        #expect(asked.arguments == "IgnoreUnknown=1;K8S_POD_NAME=web")
        #expect(asked.capabilities["ips"] == .list([.text("10.1.0.5")]))
        #expect(asked.capabilities["mac"] == .text("02:00:00:00:00:aa"))
        #expect(asked.capabilities["aliases"] == .object(["shop": .list([.text("www")])]))
        #expect(asked.capabilities["dns"] == .object(["servers": .list([.text("10.1.0.1")])]))
        #expect(asked.capabilities["portMappings"] == nil)
    }

    @Test func othersAreAskedByArguments() throws {
        let asked = try wishes(can: [])
        #expect(asked.arguments == "IgnoreUnknown=1;K8S_POD_NAME=web;IP=10.1.0.5;MAC=02:00:00:00:00:aa")
    }

    @Test func bothKindsOfAllAddressesAreOneMapping() throws {
        let asked = try wishes(can: [], [port("0.0.0.0", 8080), port("::", 8080), port("127.0.0.1", 8081)])
        let plain: JSON = .object(
            ["hostPort": .whole(8080), "containerPort": .whole(80), "protocol": .text("tcp")]
        )
        let local: JSON = .object(
            [
                "hostPort": .whole(8081), "containerPort": .whole(80), "protocol": .text("tcp"),
                "hostIP": .text("127.0.0.1"),
            ]
        )
        #expect(asked.capabilities["portMappings"] == .list([plain, local]))
    }
}
