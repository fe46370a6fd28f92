import DockerAPI
import Linux
import OCI
import SystemPackage

/// What can be refused before anything is made, and what the user should know though it is not refused.
enum Validation {
    /// Fills in Docker's defaults; returns warnings.
    static func check(_ config: ContainerConfig, _ host: inout HostConfig) throws -> [String] {
        if (config.entrypoint ?? []).isEmpty && (config.cmd ?? []).isEmpty { throw EngineError.noCommand }
        for entry in config.env ?? [] where entry.hasPrefix("=") || entry.isEmpty {
            throw EngineError(.invalid, "invalid environment variable: \(entry)")
        }
        if !config.workingDir.isEmpty && !config.workingDir.hasPrefix("/") {
            throw EngineError(
                .invalid,
                "the working directory '\(config.workingDir)' is invalid, it needs to be an absolute path"
            )
        }
        if !config.stopSignal.isEmpty, Signal.number(config.stopSignal) == nil {
            throw EngineError(.invalid, "invalid signal: \(config.stopSignal)")
        }
        try checkMounts(host)
        try checkPrivileges(host)
        defaults(&host)
        return try warnings(host)
    }

    private static func checkMounts(_ host: HostConfig) throws {
        var destinations: Set<String> = []
        for text in host.binds ?? [] {
            guard let bind = Bind(text) else {
                throw text.hasPrefix("/")
                    ? EngineError(.invalid, "invalid volume specification: '\(text)'")
                    : EngineError(
                        .unsupported,
                        "named volumes are not there yet: mount a folder of the host ('\(text)')"
                    )
            }
            guard destinations.insert(bind.destination).inserted else {
                throw EngineError(.invalid, "Duplicate mount point: \(bind.destination)")
            }
        }
        for mount in host.mounts ?? [] {
            guard mount.type == "bind" || mount.type == "tmpfs" else {
                throw EngineError(.unsupported, "mounts of type \"\(mount.type)\" are not there yet: use bind or tmpfs")
            }
            guard mount.target.hasPrefix("/"), mount.target != "/" else {
                throw EngineError(
                    .invalid,
                    "invalid mount config: mount path must be absolute and not '/': \(mount.target)"
                )
            }
            if mount.type == "bind" && !exists(FilePath(mount.source)) {
                throw EngineError(
                    .invalid,
                    "invalid mount config for type \"bind\": bind source path does not exist: \(mount.source)"
                )
            }
            guard destinations.insert(mount.target).inserted else {
                throw EngineError(.invalid, "Duplicate mount point: \(mount.target)")
            }
        }
    }

    private static func checkPrivileges(_ host: HostConfig) throws {
        for name in (host.capAdd ?? []) + (host.capDrop ?? []) where Capability.normalised(name) == nil {
            throw EngineError(.invalid, "invalid capability: \"\(name)\"")
        }
        let policy = host.restartPolicy?.name ?? ""
        if host.autoRemove && !["", "no"].contains(policy) {
            throw EngineError(.invalid, "can't create 'AutoRemove' container with restart policy")
        }
        if host.memory > 0 && host.memory < 6 << 20 {
            throw EngineError(.invalid, "Minimum memory limit allowed is 6MB")
        }
        guard ["", "varve-runtime"].contains(host.runtime) else {
            throw EngineError(
                .invalid,
                "unknown or invalid runtime name: \(host.runtime); there is varve-runtime, which needs not be named"
            )
        }
        if !["", "json-file", "none"].contains(host.logConfig?.type ?? "") {
            throw EngineError(.invalid, "logger: no log driver named '\(host.logConfig?.type ?? "")' is registered")
        }
    }

    private static func defaults(_ host: inout HostConfig) {
        if ["", "default"].contains(host.networkMode) { host.networkMode = "bridge" }
        if host.shmSize <= 0 { host.shmSize = 67_108_864 }
        if host.ipcMode.isEmpty { host.ipcMode = "private" }
        if host.cgroupnsMode.isEmpty { host.cgroupnsMode = "private" }
        // Written down as "the default one", so that a dockerd that opens the data root takes its own.
        if host.runtime == "varve-runtime" { host.runtime = "" }
        if host.logConfig?.type ?? "" == "" {
            var log = host.logConfig ?? LogConfig()
            log.type = "json-file"
            log.config = log.config ?? [:]
            host.logConfig = log
        }
        if host.restartPolicy?.name ?? "" == "" {
            var policy = RestartPolicy()
            policy.name = "no"
            host.restartPolicy = policy
        }
        if host.memorySwappiness == -1 { host.memorySwappiness = nil }
        if host.pidsLimit == 0 { host.pidsLimit = nil }
        host.maskedPaths = host.maskedPaths ?? (host.privileged ? [] : SpecPaths.masked)
        host.readonlyPaths = host.readonlyPaths ?? (host.privileged ? [] : SpecPaths.readonly)
    }

    /// What was asked for and is not there yet is said, not left out in silence.
    private static func warnings(_ host: HostConfig) throws -> [String] {
        var warnings: [String] = []
        if host.networkMode != "none" && host.networkMode != "host" {
            guard host.networkMode == "bridge" || host.networkMode.hasPrefix("container:") else {
                throw EngineError(.notFound, "network \(host.networkMode) not found")
            }
            if host.networkMode == "bridge" {
                warnings.append("bridge networks are not there yet: the container has a loopback interface only")
            }
        }
        if host.memory > 0 || host.nanoCpus > 0 || host.cpuQuota > 0 || host.cpuShares > 0 || host.pidsLimit ?? 0 > 0 {
            warnings.append("resource limits are not there yet: the container runs without them")
        }
        if !["", "no"].contains(host.restartPolicy?.name ?? "") {
            warnings.append("restart policies are not there yet: the container is not restarted")
        }
        if !host.portBindings.isEmpty { warnings.append("published ports are not there yet: they are not published") }
        return warnings
    }
}
