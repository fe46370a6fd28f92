package import DockerAPI

/// What containers get whose users ask for nothing else, under the names that dockerd has for it.
package struct ContainerDefaults: Sendable, Equatable {
    /// `init`: a small init is the container's first process.
    package var runsInit = false
    /// `default-shm-size`, in bytes.
    package var shmSize: Int64 = 64 << 20
    /// `default-ipc-mode`: `private` or `shareable`.
    package var ipcMode = "private"
    /// `default-cgroupns-mode`: `private` or `host`.
    package var cgroupnsMode = "private"
    /// `default-ulimits`; a container's own count for more, each by its name.
    package var ulimits: [Ulimit] = []
    /// `no-new-privileges`; `--security-opt no-new-privileges=false` counts for more.
    package var noNewPrivileges = false

    /// `seccomp-profile`.
    package var seccomp = SeccompChoice.builtin
    /// `lxcfs`: what is in `/proc` shows containers their own limits.
    package var lxcfs = false
    /// `dns`, `dns-opts` and `dns-search`, for `resolv.conf`; each where the container has none of its own.
    package var dns: [String] = []
    package var dnsOptions: [String] = []
    package var dnsSearch: [String] = []

    package init() {}

    /// Writes down, in a container that is being made, what is the container's own from then on.
    func fill(_ host: inout HostConfig) {
        if host.shmSize == 0 { host.shmSize = shmSize }
        if host.ipcMode.isEmpty { host.ipcMode = ipcMode }
        if host.cgroupnsMode.isEmpty { host.cgroupnsMode = cgroupnsMode }
    }

    /// What a container is started with: what isn't written down follows the daemon's settings, as in Docker.
    func applied(to host: HostConfig) -> HostConfig {
        var host = host
        if host.initProcess == nil { host.initProcess = runsInit }
        let own = host.ulimits ?? []
        host.ulimits = own + ulimits.filter { limit in !own.contains { $0.name == limit.name } }
        if host.dns.isEmpty { host.dns = dns }
        if host.dnsOptions.isEmpty { host.dnsOptions = dnsOptions }
        if host.dnsSearch.isEmpty { host.dnsSearch = dnsSearch }
        return host
    }
}

extension Ulimit {
    /// Throws where there is no such limit, or where its soft value is above its hard one; -1 is no limit.
    package func check() throws {
        guard Self.names.contains(name) else {
            throw EngineError(
                .invalid,
                "invalid ulimit type: \(name); there are \(Self.names.sorted().joined(separator: ", "))"
            )
        }
        guard hard >= -1, soft >= -1, hard == -1 || (soft != -1 && soft <= hard) else {
            throw EngineError(
                .invalid,
                "ulimit \(name): the soft limit must be less than or equal to the hard limit: \(soft) > \(hard)"
            )
        }
    }

    /// man 2 setrlimit
    private static let names: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ]
}
