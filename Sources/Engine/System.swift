import Cgroups
package import DockerAPI
import Glibc
import GraphDrivers
import Linux
import OCI
import Registry
import Storage
import Synchronization
import SystemPackage

/// `version` and `info`.
extension Engine {
    /// The newest API that is spoken, and the oldest.
    package static let apiVersions = (newest: "1.50", oldest: "1.24")

    package func version() -> VersionResponse {
        var platform = VersionPlatform()
        platform.name = "Varve"
        var response = VersionResponse(platform: platform)
        response.version = settings.version
        response.apiVersion = Self.apiVersions.newest
        response.minAPIVersion = Self.apiVersions.oldest
        response.os = "linux"
        response.arch = Host.architecture
        response.kernelVersion = Host.kernel
        var engine = VersionComponent()
        engine.name = "Engine"
        engine.version = settings.version
        engine.details = [
            "ApiVersion": response.apiVersion, "MinAPIVersion": response.minAPIVersion, "Os": response.os,
            "Arch": response.arch, "KernelVersion": response.kernelVersion,
            "StorageDriver": store.driver.name,
            "Experimental": "false",
        ]
        var runtime = VersionComponent()
        runtime.name = "varve-runtime"
        runtime.version = settings.version
        response.components = [engine, runtime]
        return response
    }

    package func info() async throws -> InfoResponse {
        var info = InfoResponse(
            plugins: PluginNames(),
            swarm: SwarmInfo(),
            containerdCommit: CommitID(),
            runcCommit: CommitID(),
            initCommit: CommitID()
        )
        await count(&info)
        let (images, status) = try await onStore { store in (store.images().count, store.driver.status) }
        info.images = images
        info.driver = store.driver.name
        info.driverStatus = status.map { [$0.key, $0.value] }
        info.plugins.volume = ["local"]
        info.indexServerAddress = "https://index.docker.io/v1/"
        info.initBinary = "docker-init"
        (info.httpProxy, info.httpsProxy) = (Host.proxy("HTTP_PROXY"), Host.proxy("HTTPS_PROXY"))
        info.noProxy = Host.proxy("NO_PROXY")
        info.plugins.network = ["bridge", "cni", "host", "null"]
        info.plugins.log = LogOptions.drivers
        describeHost(&info)
        let live = self.live.withLock { $0 }
        (info.debug, info.labels) = (live.debug, live.labels)
        info.registryConfig = RegistryConfigInfo(insecure: live.registry.insecure, mirrors: live.registry.mirrors)
        info.loggingDriver = settings.logConfig.type
        info.dockerRootDir = settings.dataRoot.string
        info.serverVersion = settings.version
        info.runtimes = live.runtimes.shown
        info.defaultRuntime = live.runtimes.standard
        info.liveRestoreEnabled = true
        describeLimits(&info)
        info.warnings = store.damages.map(\.description) + info.warnings
        info.securityOptions = securityOptions(live.containers)
        return info
    }

    private func count(_ info: inout InfoResponse) async {
        let counts = await containerCounts()
        info.containers = counts.running + counts.paused + counts.stopped
        info.containersRunning = counts.running
        info.containersPaused = counts.paused
        info.containersStopped = counts.stopped
    }

    /// How many containers are in which of Docker's three states.
    func containerCounts() async -> (running: Int, paused: Int, stopped: Int) {
        var counts = (running: 0, paused: 0, stopped: 0)
        for container in containers.all {
            if await container.phase != .running {
                counts.stopped += 1
            } else if await container.isPaused {
                counts.paused += 1
            } else {
                counts.running += 1
            }
        }
        return counts
    }

    private func securityOptions(_ standard: ContainerDefaults) -> [String] {
        let profile =
            switch standard.seccomp {
            case .builtin: "builtin"
            case .unconfined: "unconfined"
            case .profile: "custom"
            }
        return (AppArmor.isOn ? ["name=apparmor"] : []) + ["name=seccomp,profile=\(profile)"]
            + (selinux == nil ? [] : ["name=selinux"])
            + (cgroupVersion == nil ? [] : ["name=cgroupns"])
            + (settings.remapping == nil ? [] : ["name=userns"])
            + (standard.noNewPrivileges ? ["name=no-new-privileges"] : [])
    }

    private func describeLimits(_ info: inout InfoResponse) {
        (info.memoryLimit, info.swapLimit, info.oomKillDisable) = (
            support.memory, support.swap, support.withoutOOMKiller
        )
        (info.cpuCfsPeriod, info.cpuCfsQuota) = (support.cpuQuota, support.cpuQuota)
        (info.cpuShares, info.cpuSet, info.pidsLimit) = (support.cpuShares, support.cpuset, support.pids)
        info.warnings = [
            ("memory limit", support.memory), ("swap limit", support.swap), ("cpu cfs quota", support.cpuQuota),
            ("cpu shares", support.cpuShares), ("cpuset", support.cpuset), ("pids limit", support.pids),
        ].filter { !$0.1 }.map { "WARNING: No \($0.0) support" }
        if AppArmor.isOn && !AppArmor.hasStandard {
            info.warnings.append(
                "WARNING: AppArmor is on, but containers have no profile: apparmor_parser is missing (apt install apparmor)"
            )
        }
    }

    private func describeHost(_ info: inout InfoResponse) {
        info.id = Host.machineID
        info.systemTime = Timestamp.now.description
        info.cgroupDriver = cgroupVersion == nil ? "none" : "cgroupfs"
        info.cgroupVersion = cgroupVersion.map(String.init) ?? ""
        info.kernelVersion = Host.kernel
        (info.operatingSystem, info.osVersion) = Host.release
        info.osType = "linux"
        info.architecture = Host.machine
        info.ncpu = Host.processors
        info.memTotal = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        info.name = Host.name
        info.ipv4Forwarding = (try? readFile("/proc/sys/net/ipv4/ip_forward").first) == UInt8(ascii: "1")
    }
}

/// What this machine says of itself.
enum Host {
    static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    /// The proxy that the daemon's environment names, in capitals or not, without passwords.
    static func proxy(_ name: String) -> String {
        guard let value = getenv(name) ?? getenv(name.lowercased()) else { return "" }
        let text = String(cString: value)
        guard let slashes = text.firstRange(of: "//"), let at = text.lastIndex(of: "@") else { return text }
        return text[..<slashes.upperBound] + "xxxxx:xxxxx" + text[at...]
    }

    /// As `uname -n`, `-r` and `-m`.
    static var name: String { names.node }
    static var kernel: String { names.release }
    static var machine: String { names.machine }

    /// In Go's words: `amd64`.
    static var architecture: String { ["x86_64": "amd64", "aarch64": "arm64"][machine] ?? machine }

    static var machineID: String { line("/etc/machine-id") ?? name }

    /// The distribution's name with its version, and the version alone.
    static var release: (name: String, version: String) {
        let text = (try? readFile("/etc/os-release")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        func value(_ key: String) -> String {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + "=") } ?? ""
            return String(line.dropFirst(key.count + 1)).filter { $0 != "\"" }
        }
        let name = value("PRETTY_NAME")
        return (name.isEmpty ? "Linux" : name, value("VERSION_ID"))
    }

    private static var names: (node: String, release: String, machine: String) {
        var all = utsname()
        uname(&all)
        return (text(all.nodename), text(all.release), text(all.machine))
    }

    private static func text<T>(_ field: T) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func line(_ path: FilePath) -> String? {
        guard let bytes = try? readFile(path), !bytes.isEmpty else { return nil }
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }
}
