import DockerAPI
import OCI
import Testing

@testable import Engine

/// What is refused before anything is made, and what is only warned of.
struct ValidationTests {
    @Test func needsACommand() {
        var host = HostConfig()
        #expect(throws: EngineError.noCommand) { try Validation.check(ContainerConfig(), &host) }
    }

    @Test func fillsInDockersDefaults() throws {
        var host = HostConfig()
        _ = try Validation.check(config(), &host)
        #expect(host.networkMode == "bridge")
        #expect(host.shmSize == 64 << 20)
        #expect(host.ipcMode == "private")
        #expect(host.logConfig?.type == "json-file")
        #expect(host.restartPolicy?.name == "no")
        #expect(host.maskedPaths == SpecPaths.masked)
    }

    @Test func hasNothingToWarnOfInAnyNetwork() throws {
        for mode in ["none", "bridge", "own", "host"] { #expect(try warnings { $0.networkMode = mode } == []) }
    }

    @Test func warnsOfPortsWithoutANetwork() throws {
        let many = try warnings { host in
            host.networkMode = "none"
            host.portBindings = ["80/tcp": []]
        }
        #expect(many.count == 1)
    }

    @Test func refusesTheHostsRightsWithIdsOfItsOwn() throws {
        let ids = SubordinateIDs.Range(start: 100_000, count: 65536)
        let remapping = Remapping(user: "user", uids: [ids], gids: [ids])
        let changes: [(inout HostConfig) -> Void] = [
            { $0.privileged = true }, { $0.networkMode = "host" }, { $0.pidMode = "host" },
        ]
        for change in changes {
            var host = HostConfig()
            change(&host)
            #expect(throws: EngineError.self) { try Validation.check(host, remapping) }
            try Validation.check(host, nil)
            host.usernsMode = "host"
            try Validation.check(host, remapping)
        }
    }

    @Test(arguments: ["relative", "./x"])
    func refusesARelativeWorkingFolder(path: String) {
        #expect(refusal { config, _ in config.workingDir = path } == .invalid)
    }

    @Test(arguments: ["", "=x"])
    func refusesAVariableWithoutAName(entry: String) {
        #expect(refusal { config, _ in config.env = [entry] } == .invalid)
    }

    @Test func refusesUnknownNames() {
        #expect(refusal { config, _ in config.stopSignal = "NONSENSE" } == .invalid)
        #expect(refusal { _, host in host.capAdd = ["NONSENSE"] } == .invalid)
        #expect(
            refusal { _, host in
                host.logConfig = LogConfig()
                host.logConfig?.type = "nonsense"
            } == .invalid
        )
    }

    @Test func refusesTwoMountsInOnePlace() {
        for other in ["/d", "/d/", "//d", "/x/../d"] {
            #expect(refusal { _, host in host.binds = ["/tmp:/d", "/var:\(other)"] } == .invalid)
        }
        #expect(
            refusal { _, host in
                host.binds = ["/tmp:/d"]
                host.mounts = [mount("bind", "/tmp", "/d")]
            } == .invalid
        )
    }

    @Test func refusesMountsThatCannotBe() {
        #expect(refusal { _, host in host.binds = ["volume:/d"] } == nil)
        #expect(refusal { _, host in host.binds = ["/tmp:d"] } == .invalid)
        #expect(refusal { _, host in host.mounts = [mount("volume", "v", "/d")] } == nil)
        #expect(refusal { _, host in host.mounts = [mount("bind", "/tmp", "d")] } == .invalid)
        #expect(refusal { _, host in host.mounts = [mount("bind", "/tmp", "/")] } == .invalid)
        #expect(refusal { _, host in host.mounts = [mount("bind", "/tmp/there/is/no/such", "/d")] } == .invalid)
    }

    @Test func refusesToRemoveWhatItShallRestart() {
        #expect(
            refusal { _, host in
                host.autoRemove = true
                host.restartPolicy = RestartPolicy()
                host.restartPolicy?.name = "always"
            } == .invalid
        )
    }

    private func config() -> ContainerConfig {
        var config = ContainerConfig()
        config.cmd = ["true"]
        return config
    }

    private func mount(_ type: String, _ source: String, _ target: String) -> MountRequest {
        var mount = MountRequest()
        mount.type = type
        mount.source = source
        mount.target = target
        return mount
    }

    private func warnings(_ change: (inout HostConfig) -> Void) throws -> [String] {
        var host = HostConfig()
        change(&host)
        return try Validation.check(config(), &host)
    }

    /// Of which kind the refusal is; nil where there is none.
    private func refusal(_ change: (inout ContainerConfig, inout HostConfig) -> Void) -> EngineError.Kind? {
        var config = config()
        var host = HostConfig()
        change(&config, &host)
        do { _ = try Validation.check(config, &host) } catch { return (error as? EngineError)?.kind }
        return nil
    }
}
