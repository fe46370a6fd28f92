import DockerAPI
import OCI
import SystemPackage
import Testing

@testable import Engine

/// The filters of `ps` that need no other container.
struct ContainerFilterTests {
    private static let rules: [(key: String, value: String, expected: Bool)] = [
        ("id", "ab", true), ("id", "b", false),
        ("name", "web", true), ("name", "^/web", true), ("name", "^web-1$", true), ("name", "^eb", false),
        ("label", "tier", true), ("label", "tier=front", true), ("label", "tier=back", false),
        ("label", "other", false),
        ("label!", "tier=back", true), ("label!", "tier", false),
        ("status", "exited", true), ("status", "running", false),
        ("exited", "3", true), ("exited", "0", false),
        ("volume", "/data", true), ("volume", "/srv", true), ("volume", "/dat", false),
        ("network", "bridge", true), ("network", "12ab", true), ("network", "host", false),
        ("health", "none", true), ("health", "healthy", false),
        ("expose", "80", true), ("expose", "80/tcp", true), ("expose", "80/udp", false),
    ]

    @Test(arguments: rules)
    func matches(key: String, value: String, expected: Bool) throws {
        let filter = try ContainerFilter([key: [value]])
        let isMatch = filter.matches(entry())
        #expect(isMatch == expected)
    }

    @Test func needsOneOfTheValuesOfAKey() throws {
        let one = try ContainerFilter(["id": ["x", "ab"]]).matches(entry())
        #expect(one)
        let both = try ContainerFilter(["id": ["ab"], "name": ["other"]]).matches(entry())
        #expect(!both)
    }

    @Test func needsAllLabels() throws {
        let isMatch = try ContainerFilter(["label": ["tier", "other"]]).matches(entry())
        #expect(!isMatch)
    }

    @Test func comparesTimesAndNotTheirTexts() throws {
        // As texts, ….3Z comes after ….31Z.
        var filter = try ContainerFilter([:])
        filter.before = Timestamp("2026-11-21T10:00:00.31Z")
        let isBefore = filter.matches(entry(created: "2026-11-21T10:00:00.3Z"))
        #expect(isBefore)
        filter.before = Timestamp("2026-11-21T10:00:00.3Z")
        let isAfter = filter.matches(entry(created: "2026-11-21T10:00:00.31Z"))
        #expect(!isAfter)
    }

    @Test(arguments: [["nonsense": ["1"]], ["status": ["asleep"]], ["exited": ["many"]]])
    func refusesWhatItDoesNotKnow(filters: [String: [String]]) {
        #expect { try ContainerFilter(filters) } throws: { ($0 as? EngineError)?.kind == .invalid }
    }

    private func entry(created: String = "2026-11-21T10:00:00Z") -> ListEntry {
        var config = ContainerConfig()
        config.labels = ["tier": "front"]
        config.exposedPorts = ["80/tcp"]
        var record = ContainerRecord(
            id: "abcdef",
            name: "web-1",
            created: created,
            folder: "/c",
            config: config,
            image: "sha256:1",
            driver: "vfs"
        )
        var mount = MountPoint()
        mount.source = "/srv"
        mount.destination = "/data"
        record.mountPoints = ["/data": mount]
        record.state.status = "exited"
        record.state.exitCode = 3
        var place = Endpoint()
        place.networkID = "12ab"
        record.networkSettings.networks = ["bridge": place]
        return ListEntry(record: record, host: HostConfig(), state: record.state)
    }
}
