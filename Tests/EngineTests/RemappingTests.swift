import DockerAPI
import OCI
import SystemPackage
import Testing

@testable import Engine

/// What a container's configuration says of ids of its own.
struct RemappingTests {
    private let remapping = Remapping(
        user: "user",
        uids: [SubordinateIDs.Range(start: 100_000, count: 65536)],
        gids: [SubordinateIDs.Range(start: 200_000, count: 65536)]
    )

    private func spec(joined: String? = nil) throws -> RuntimeSpec {
        var host = HostConfig()
        host.binds = ["/srv:/srv"]
        var config = ContainerConfig()
        config.cmd = ["true"]
        var point = MountPoint()
        (point.type, point.source, point.destination) = ("volume", "/data/v/_data", "/v")
        var record = ContainerRecord(
            id: "id",
            name: "name",
            created: "",
            folder: "/folder",
            config: config,
            image: "",
            driver: "vfs"
        )
        record.mountPoints = ["/v": point]
        var spec = Spec.make(record, host)
        spec.remap(remapping, joined: joined, showing: ["/data/v/_data"])
        return spec
    }

    @Test func hasANamespaceWithItsIds() throws {
        let linux = try #require(try spec().linux)
        #expect(linux.namespaces?.filter { $0.type == "user" }.map(\.path) == [nil])
        #expect(linux.uidMappings == [RuntimeIDMapping(containerID: 0, hostID: 100_000, size: 65536)])
        #expect(linux.gidMappings == [RuntimeIDMapping(containerID: 0, hostID: 200_000, size: 65536)])
        #expect(linux.sysctl?["net.ipv4.ping_group_range"] == "0 65535")
    }

    @Test func joinsAnothers() throws {
        let namespaces = try spec(joined: "/proc/1/ns/user").linux?.namespaces
        #expect(namespaces?.last?.path == "/proc/1/ns/user")
    }

    @Test func mapsWhatIsVarvesAlone() throws {
        let mounts = try #require(try spec().mounts)
        #expect(mounts.filter { $0.uidMappings != nil }.map(\.destination) == ["/v"])
        #expect(mounts.contains { $0.destination == "/srv" })
    }

    @Test func leavesOthersAsTheyAre() {
        let record = ContainerRecord(
            id: "id",
            name: "name",
            created: "",
            folder: "/folder",
            config: ContainerConfig(),
            image: "",
            driver: "vfs"
        )
        let spec = Spec.make(record, HostConfig())
        #expect(spec.linux?.uidMappings == nil)
        #expect(spec.linux?.namespaces?.contains { $0.type == "user" } == false)
        #expect(spec.annotations?[Spec.Annotation.mapsRoot] == nil)
    }
}
