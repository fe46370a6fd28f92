import DockerAPI
import OCI
import SystemPackage
import Testing

@testable import Engine

/// The OCI configuration that Docker's configurations become.
struct SpecTests {
    @Test func runsTheCommandInItsFolder() {
        var config = ContainerConfig()
        config.entrypoint = ["/bin/sh", "-c"]
        config.cmd = ["true"]
        config.workingDir = "/w"
        let process = spec(config).process
        #expect(process?.args == ["/bin/sh", "-c", "true"])
        #expect(process?.cwd == "/w")
        #expect(spec().process?.cwd == "/")
    }

    @Test func setsDockersVariablesUnderTheUsers() {
        var config = ContainerConfig()
        config.hostname = "h"
        config.tty = true
        config.env = ["A=1", "TERM=vt100", "PATH"]
        #expect(spec(config).process?.env == ["HOSTNAME=h", "TERM=vt100", "A=1"])
    }

    @Test func givesDockersCapabilities() {
        let names = spec().process?.capabilities?.bounding ?? []
        #expect(Set(names) == Set(Capability.standard))
        #expect(!names.contains("CAP_SYS_ADMIN"))
    }

    @Test func addsAndDropsCapabilities() {
        var host = HostConfig()
        host.capAdd = ["sys_admin"]
        host.capDrop = ["ALL"]
        #expect(spec(host: host).process?.capabilities?.effective == ["CAP_SYS_ADMIN"])
        host.capAdd = ["ALL"]
        host.capDrop = ["CAP_MKNOD"]
        let names = spec(host: host).process?.capabilities?.effective ?? []
        #expect(names.contains("CAP_SYS_ADMIN"))
        #expect(!names.contains("CAP_MKNOD"))
    }

    @Test func makesNamespacesUnlessTheHostsAreAskedFor() {
        #expect(types(spec()) == ["mount", "network", "pid", "uts", "ipc", "cgroup"])
        var host = HostConfig()
        host.networkMode = "host"
        host.pidMode = "host"
        host.utsMode = "host"
        host.ipcMode = "host"
        host.cgroupnsMode = "host"
        #expect(types(spec(host: host)) == ["mount"])
        #expect(spec(host: host).hostname == nil)
    }

    @Test func joinsAnotherContainersNamespace() {
        let spec = Spec.make(record(ContainerConfig()), HostConfig(), joined: ["network": "/proc/1/ns/net"])
        let network = spec.linux?.namespaces?.first { $0.type == "network" }
        #expect(network?.path == "/proc/1/ns/net")
        #expect(spec.linux?.sysctl?.isEmpty == true)
    }

    @Test func hidesPartsOfProcUnlessPrivileged() {
        #expect(spec().linux?.maskedPaths?.contains("/proc/kcore") == true)
        #expect(spec().linux?.readonlyPaths?.contains("/proc/sys") == true)
        var host = HostConfig()
        host.privileged = true
        #expect(spec(host: host).linux?.maskedPaths == [])
        #expect(spec(host: host).linux?.readonlyPaths == [])
    }

    @Test func forbidsNewPrivileges() {
        var closed = record(ContainerConfig())
        closed.noNewPrivileges = true
        #expect(Spec.make(closed, HostConfig()).process?.noNewPrivileges == true)
        #expect(spec().process?.noNewPrivileges == false)
    }

    @Test func handsOnWhatOnlyTheTreeKnows() {
        var config = ContainerConfig()
        config.user = "me:us"
        var host = HostConfig()
        host.groupAdd = ["audio", "7"]
        let annotations = spec(config, host: host).annotations
        #expect(annotations?[Spec.Annotation.user] == "me:us")
        #expect(annotations?[Spec.Annotation.groups] == "audio,7")
    }

    @Test func limitsResources() {
        var limit = Ulimit()
        limit.name = "nofile"
        limit.soft = 10
        limit.hard = -1
        var host = HostConfig()
        host.ulimits = [limit]
        let made = spec(host: host).process?.rlimits?.first
        #expect(made?.type == "RLIMIT_NOFILE")
        #expect(made?.soft == 10)
        #expect(made?.hard == .max)
    }

    private func types(_ spec: RuntimeSpec) -> [String] { spec.linux?.namespaces?.map(\.type) ?? [] }

    private func spec(_ config: ContainerConfig = ContainerConfig(), host: HostConfig = HostConfig()) -> RuntimeSpec {
        Spec.make(record(config), host)
    }

    private func record(_ config: ContainerConfig) -> ContainerRecord {
        ContainerRecord(
            id: "abc",
            name: "n",
            created: "",
            folder: "/c",
            config: config,
            image: "sha256:1",
            driver: "vfs"
        )
    }
}
