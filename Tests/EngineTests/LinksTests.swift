import DockerAPI
import Linux
import Testing

@testable import Engine

/// Containers that know each other by `--link`, and the order in which they start.
struct LinksTests {
    @Test func variables() {
        let ports = ["5432/tcp", "53/udp", "8001/tcp", "8000/tcp", "8002"].compactMap(LinkVariables.Port.init)
        let link = LinkVariables(
            alias: "my-db",
            name: "/web/my-db",
            address: "172.17.0.5",
            ports: ports,
            environment: ["PATH=/bin", "HOME=/", "PASSWORD=a=b", "odd"]
        )
        let port = { (number: Int, kind: String) in
            let key = "MY_DB_PORT_\(number)_\(kind.uppercased())"
            return [
                "\(key)=\(kind)://172.17.0.5:\(number)", "\(key)_ADDR=172.17.0.5", "\(key)_PORT=\(number)",
                "\(key)_PROTO=\(kind)",
            ]
        }
        let range = "MY_DB_PORT_8000_TCP"
        #expect(
            link.all == ["MY_DB_PORT=tcp://172.17.0.5:5432"] + [
                "\(range)_START=tcp://172.17.0.5:8000", "\(range)_ADDR=172.17.0.5", "\(range)_PROTO=tcp",
                "\(range)_PORT_START=8000", "\(range)_END=tcp://172.17.0.5:8002", "\(range)_PORT_END=8002",
            ] + port(5432, "tcp") + port(8000, "tcp") + port(8001, "tcp") + port(8002, "tcp") + port(53, "udp")
                + ["MY_DB_NAME=/web/my-db", "MY_DB_ENV_PASSWORD=a=b"]
        )
    }

    @Test func aLinkWithoutPorts() {
        let link = LinkVariables(alias: "db", name: "/web/db", address: "10.0.0.2", ports: [], environment: [])
        #expect(link.all == ["DB_NAME=/web/db"])
    }

    @Test func linesOfALink() throws {
        let address = { (text: String) in try #require(IPAddress(text)) }
        let link = HostFiles.Link(addresses: [try address("10.0.0.9"), try address("fd00::9")], names: ["db", "0123"])
        let old = "127.0.0.1\tlocalhost\n10.0.0.2\tdb 9999 old\n10.0.0.4\tmine\n"
        let new = "127.0.0.1\tlocalhost\n10.0.0.9\tdb 0123\nfd00::9\tdb 0123\n10.0.0.4\tmine\n"
        #expect(HostFiles.renewed(old, with: link) == new)
        #expect(HostFiles.renewed(new, with: link) == new)
        #expect(HostFiles.renewed("1.1.1.1 x", with: link) == "1.1.1.1 x\n10.0.0.9\tdb 0123\nfd00::9\tdb 0123\n")
    }

    @Test func eachAfterWhatItNeeds() {
        let needs = ["web": ["db", "cache"], "db": ["disk"], "cache": ["db", "elsewhere"], "a": ["b"], "b": ["a"]]
        let order = StartOrder.sorted(["a", "web", "cache", "db", "b", "disk"], needs: needs)
        #expect(order == ["b", "a", "disk", "db", "cache", "web"])
        let chain = Dictionary(uniqueKeysWithValues: (0..<10000).map { ($0, [$0 + 1]) })
        #expect(StartOrder.sorted(Array(0...10000), needs: chain) == Array((0...10000).reversed()))
    }

    @Test func whatAContainerNeeds() {
        var host = HostConfig()
        (host.links, host.networkMode, host.pidMode) = (["db:d", "x"], "container:net", "host")
        host.ipcMode = "container:ipc"
        #expect(StartOrder.needs(host) == ["db", "x", "net", "ipc"])
    }
}
