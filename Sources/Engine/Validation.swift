import DockerAPI
import Linux
import OCI
import SystemPackage

/// What can be refused before anything is made, and what the user should know though it is not refused.
enum Validation {
    /// Fills in Docker's defaults, and the daemon's; returns warnings.
    static func check(
        _ config: ContainerConfig,
        _ host: inout HostConfig,
        _ standard: ContainerDefaults = ContainerDefaults()
    ) throws -> [String] {
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
        if let health = config.healthcheck { try check(health) }
        try checkModes(config, host)
        try PortPlan.check(host, exposed: config.exposedPorts)
        for server in host.dns where AddressRange.address(server) == nil {
            throw EngineError(.invalid, "invalid DNS server address: \(server)")
        }
        Destination.makePlain(&host)
        try checkMounts(host)
        try checkPrivileges(host)
        _ = try Lxcfs.isWanted(host)
        standard.fill(&host)
        defaults(&host)
        return try warnings(host)
    }

    private static func check(_ health: HealthConfig) throws {
        let spans = [
            ("Interval", health.interval), ("Timeout", health.timeout), ("StartPeriod", health.startPeriod),
            ("StartInterval", health.startInterval),
        ]
        for (name, value) in spans where value != 0 && value < 1_000_000 {
            throw EngineError(.invalid, "\(name) in Healthcheck cannot be less than 1ms")
        }
        if health.retries < 0 { throw EngineError(.invalid, "Retries in Healthcheck cannot be negative") }
    }

    /// Whose namespaces it has.
    private static func checkModes(_ config: ContainerConfig, _ host: HostConfig) throws {
        if !config.hostname.isEmpty, host.utsMode == "host" {
            throw EngineError(.invalid, "conflicting options: hostname and the UTS mode")
        }
        if !config.hostname.isEmpty, host.networkMode.hasPrefix("container:") {
            throw EngineError(.invalid, "conflicting options: hostname and the network mode")
        }
        let modes = [
            ("PID", host.pidMode, ["", "host"]), ("UTS", host.utsMode, ["", "host"]),
            ("IPC", host.ipcMode, ["", "none", "private", "shareable", "host"]),
            ("cgroup namespace", host.cgroupnsMode, ["", "private", "host"]),
        ]
        for (kind, mode, known) in modes where !known.contains(mode) {
            if ["PID", "IPC"].contains(kind), mode.hasPrefix("container:") { continue }
            throw EngineError(.invalid, "invalid \(kind) mode: \(mode)")
        }
        guard ["", "host"].contains(host.usernsMode) else {
            throw EngineError(.invalid, "invalid USER mode: \(host.usernsMode)")
        }
        if host.shmSize < 0 { throw EngineError(.invalid, "SHM size can not be less than 0") }
    }

    private static func checkMounts(_ host: HostConfig) throws {
        var destinations: Set<String> = []
        for text in host.binds ?? [] {
            guard let destination = Bind(text)?.destination ?? VolumeMount(text)?.destination, destination != "/" else {
                throw EngineError(.invalid, "invalid volume specification: '\(text)'")
            }
            guard destinations.insert(destination).inserted else {
                throw EngineError(.invalid, "Duplicate mount point: \(destination)")
            }
        }
        for mount in host.mounts ?? [] {
            guard ["bind", "tmpfs", "volume", "image"].contains(mount.type) else {
                let reason = "mounts of type \"\(mount.type)\" are not there: use bind, tmpfs, volume or image"
                throw EngineError(.unsupported, reason)
            }
            try check(mount.volumeOptions, mount)
            guard mount.target.hasPrefix("/"), mount.target != "/" else {
                throw EngineError(
                    .invalid,
                    "invalid mount config: mount path must be absolute and not '/': \(mount.target)"
                )
            }
            try checkOptions(of: mount)
            let isMade = mount.bindOptions?.createMountpoint ?? false
            if mount.type == "bind" && !isMade && !exists(FilePath(mount.source)) {
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

    private static func checkOptions(of mount: MountRequest) throws {
        let kind = "invalid mount config for type \"\(mount.type)\""
        if mount.type != "bind", mount.bindOptions != nil {
            throw EngineError(.invalid, "\(kind): must not specify BindOptions")
        }
        if mount.type != "tmpfs", mount.tmpfsOptions != nil {
            throw EngineError(.invalid, "\(kind): must not specify TmpfsOptions")
        }
        if mount.type != "image", mount.imageOptions != nil {
            throw EngineError(.invalid, "\(kind): must not specify ImageOptions")
        }
        if mount.type == "image", mount.source.isEmpty {
            throw EngineError(.invalid, "\(kind): source must not be empty")
        }
        let part = mount.imageOptions?.subpath ?? ""
        if part.hasPrefix("/") || part.split(separator: "/").contains("..") {
            throw EngineError(.invalid, "\(kind): subpath must be a relative path within the image")
        }
        if mount.type == "bind", !mount.source.hasPrefix("/") {
            let reason = "invalid mount path: '\(mount.source)' mount path must be absolute"
            throw EngineError(.invalid, "\(kind): \(reason)")
        }
    }

    private static func check(_ options: VolumeOptions?, _ mount: MountRequest) throws {
        guard let options else { return }
        guard mount.type == "volume" else {
            throw EngineError(
                .invalid,
                "invalid mount config: must not specify VolumeOptions for type \"\(mount.type)\""
            )
        }
        if options.subpath.hasPrefix("/") || options.subpath.split(separator: "/").contains("..") {
            throw EngineError(
                .invalid,
                "invalid mount config for type \"volume\": subpath must be a relative path within the volume"
            )
        }
        try checkDriver(options.driverConfig?.name ?? "")
    }

    /// There is Docker's `local` driver only.
    static func checkDriver(_ name: String) throws {
        guard ["", "local"].contains(name) else {
            throw EngineError(.notFound, "volume driver \(name) is not there; there is local, which needs not be named")
        }
    }

    static func checkRestarts(_ policy: RestartPolicy?) throws {
        guard let policy else { return }
        guard ["", "no", "always", "unless-stopped", "on-failure"].contains(policy.name) else {
            throw EngineError(
                .invalid,
                "invalid restart policy: unknown policy '\(policy.name)'; use one of 'no', 'always', 'on-failure', or "
                    + "'unless-stopped'"
            )
        }
        guard policy.maximumRetryCount >= 0 else {
            throw EngineError(.invalid, "invalid restart policy: maximum retry count cannot be negative")
        }
        guard policy.maximumRetryCount == 0 || policy.name == "on-failure" else {
            throw EngineError(
                .invalid,
                "invalid restart policy: maximum retry count can only be used with 'on-failure'"
            )
        }
    }

    private static func checkPrivileges(_ host: HostConfig) throws {
        for name in (host.capAdd ?? []) + (host.capDrop ?? []) where Capability.normalised(name) == nil {
            throw EngineError(.invalid, "invalid capability: \"\(name)\"")
        }
        if let request = host.deviceRequests?.first {
            let sets = (request.capabilities ?? []).map { "[\($0.joined(separator: " "))]" }.joined(separator: " ")
            let reason = "could not select device driver \"\(request.driver)\" with capabilities: [\(sets)]"
            throw EngineError(.failed, reason)
        }
        try checkDriver(host.volumeDriver)
        let policy = host.restartPolicy?.name ?? ""
        try checkRestarts(host.restartPolicy)
        _ = try Engine.initProgram(for: host)
        for limit in host.ulimits ?? [] { try limit.check() }
        if host.autoRemove && !["", "no"].contains(policy) {
            throw EngineError(.invalid, "can't create 'AutoRemove' container with restart policy")
        }
        for device in host.devices ?? [] {
            guard device.cgroupPermissions.isEmpty || HostDevices.isAccess(device.cgroupPermissions) else {
                throw EngineError(.invalid, "invalid device mode: \(device.cgroupPermissions)")
            }
            guard device.pathInContainer.isEmpty || device.pathInContainer.hasPrefix("/") else {
                throw EngineError(.invalid, "\(device.pathInContainer) is not an absolute path")
            }
        }
        for rule in host.deviceCgroupRules ?? [] { _ = try HostDevices.rule(rule) }
        guard FilePath(host.cgroupParent).components.allSatisfy({ $0.kind == .regular }) else {
            throw EngineError(.invalid, "invalid cgroup parent \(host.cgroupParent): it must not have . or .. in it")
        }
        if let log = host.logConfig, !log.type.isEmpty { try LogOptions.check(log) }
    }

    private static func defaults(_ host: inout HostConfig) {
        if ["", "default"].contains(host.networkMode) { host.networkMode = "bridge" }
        if host.consoleSize == nil { host.consoleSize = [0, 0] }
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
        host.maskedPaths = host.maskedPaths ?? (host.privileged ? [] : SpecPaths.masked)
        host.readonlyPaths = host.readonlyPaths ?? (host.privileged ? [] : SpecPaths.readonly)
    }

    /// What was asked for and is not there yet is said, not left out in silence.
    private static func warnings(_ host: HostConfig) throws -> [String] {
        var warnings: [String] = []
        let options = try SecurityOptions(host.securityOpt)
        for name in options.ignored {
            warnings.append("--security-opt \(name) is not there yet, and without effect")
        }
        if !AppArmor.isOn, options.appArmor ?? "unconfined" != "unconfined" {
            warnings.append("--security-opt apparmor is without effect: this kernel has no AppArmor, or it is off")
        }
        if !host.portBindings.isEmpty, ["host", "none"].contains(host.networkMode) {
            warnings.append("Published ports are discarded when using \(host.networkMode) network mode")
        }
        return warnings
    }
}
