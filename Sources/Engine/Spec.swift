import DockerAPI
import OCI

/// The OCI configuration of a container: what Docker's `Config` and `HostConfig` mean to a runtime.
///
/// Pure: it looks at nothing but its arguments, so that every rule is a line of a test's table. What can be known only
/// inside the container's tree (users, groups, the working folder) goes along as annotations.
enum Spec {
    /// Names of the annotations that `varve-runtime` resolves.
    enum Annotation {
        /// `name[:group]` or numbers, as in an image's `User`.
        static let user = "io.varve.user"
        /// Groups to add, by name or number, separated by commas.
        static let groups = "io.varve.group-add"
        /// The bundle has the seccomp filter's program, made ahead, in `seccomp`: the flags to load it with.
        static let seccomp = "io.varve.seccomp"
        /// The root's files have the ids of the user namespace on the disk, and are to be shown under those of the host.
        static let mapsRoot = "io.varve.idmapped-root"
    }

    /// Builds the configuration for `record` and `host`.
    ///
    /// `joined` are the namespaces of other containers that it enters, by type; `initProgram` is the host's, where it shall
    /// have one.
    static func make(
        _ record: ContainerRecord,
        _ host: HostConfig,
        joined: [String: String] = [:],
        initProgram: String? = nil
    ) -> RuntimeSpec {
        var spec = RuntimeSpec()
        spec.process = process(record, host)
        spec.root = RuntimeRoot(path: "rootfs")
        spec.root?.readonly = host.readonlyRootfs
        if host.utsMode != "host" {
            spec.hostname = record.config.hostname
            if record.config.domainname != "" { spec.domainname = record.config.domainname }
        }
        // Who has another container's IPC has its shared memory.
        let shared = joined["ipc"].map { String($0.dropLast("ipc".count)) + "mnt" }
        spec.mounts = SpecMounts.all(record, host, shared: shared)
        if let initProgram {
            spec.mounts?.append(SpecMounts.file(initProgram, at: Self.initPath))
            let command = spec.process?.args ?? []
            spec.process?.args = [Self.initPath, "--"] + command
        }
        var annotations = host.annotations ?? [:]
        annotations[Annotation.user] = record.config.user
        if let groups = host.groupAdd, !groups.isEmpty {
            annotations[Annotation.groups] = groups.joined(separator: ",")
        }
        spec.annotations = annotations
        spec.linux = linux(host, joined)
        spec.linux?.cgroupsPath = groups(record.id, host)
        return spec
    }

    /// The container's control groups, from the roots of their trees.
    static func groups(_ id: String, _ host: HostConfig) -> String {
        "/\(host.cgroupParent.isEmpty ? "varve" : host.cgroupParent)/\(id)"
    }

    /// Where Docker has it.
    private static let initPath = "/sbin/docker-init"

    private static func process(_ record: ContainerRecord, _ host: HostConfig) -> RuntimeProcess {
        let cwd = record.config.workingDir
        var process = RuntimeProcess(cwd: cwd.isEmpty ? "/" : cwd)
        process.terminal = record.config.tty
        if let size = host.consoleSize, size.count == 2, size[0] > 0, size[1] > 0 {
            process.consoleSize = ConsoleSize(height: UInt16(clamping: size[0]), width: UInt16(clamping: size[1]))
        }
        process.args = [record.path] + record.args
        process.env = environment(record)
        process.capabilities = capabilities(host)
        process.rlimits = (host.ulimits ?? []).map {
            RuntimeRlimit(
                type: "RLIMIT_" + $0.name.uppercased(),
                hard: UInt64(bitPattern: $0.hard),
                soft: UInt64(bitPattern: $0.soft)
            )
        }
        // Records of old have it in the options alone.
        let options = SecurityOptions(checked: host.securityOpt)
        process.noNewPrivileges = options.noNewPrivileges ?? record.noNewPrivileges
        process.oomScoreAdj = host.oomScoreAdj
        return process
    }

    /// Docker's variables, and those of its `links`, replaced by the configuration's; an entry without `=` takes its variable away.
    static func environment(_ record: ContainerRecord, links: [String] = []) -> [String] {
        var start = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(record.config.hostname)",
        ]
        if record.config.tty { start.append("TERM=xterm") }
        return overlaid(start + links, with: record.config.env ?? [])
    }

    /// `base` with `changes` over it; the order is that of the first appearance.
    static func overlaid(_ base: [String], with changes: [String]) -> [String] {
        var order: [Substring] = []
        var values: [Substring: String?] = [:]
        for entry in base + changes {
            let key = entry.prefix { $0 != "=" }
            if values.updateValue(entry.contains("=") ? entry : nil, forKey: key) == nil { order.append(key) }
        }
        return order.compactMap { values[$0] ?? nil }
    }

    private static func capabilities(_ host: HostConfig) -> RuntimeCapabilities {
        let names = Capability.set(privileged: host.privileged, add: host.capAdd ?? [], drop: host.capDrop ?? [])
        var sets = RuntimeCapabilities()
        sets.bounding = names
        sets.permitted = names
        sets.effective = names
        return sets
    }

    private static func linux(_ host: HostConfig, _ joined: [String: String]) -> RuntimeLinux {
        var linux = RuntimeLinux()
        var types = ["mount"]
        if host.networkMode != "host" { types.append("network") }
        if host.pidMode != "host" { types.append("pid") }
        if host.utsMode != "host" { types.append("uts") }
        if host.ipcMode != "host" { types.append("ipc") }
        if host.cgroupnsMode != "host" { types.append("cgroup") }
        linux.namespaces = types.map { type in
            var namespace = RuntimeNamespace(type: type)
            namespace.path = joined[type]
            return namespace
        }
        linux.maskedPaths = host.maskedPaths ?? (host.privileged ? [] : SpecPaths.masked)
        linux.readonlyPaths = host.readonlyPaths ?? (host.privileged ? [] : SpecPaths.readonly)
        var sysctl = host.sysctls ?? [:]
        if host.networkMode != "host" && joined["network"] == nil {
            // Docker's: any group may ping, and low ports need no capability, in a network of one's own.
            sysctl["net.ipv4.ping_group_range", default: "0 2147483647"] += ""
            sysctl["net.ipv4.ip_unprivileged_port_start", default: "0"] += ""
        }
        linux.sysctl = sysctl
        return linux
    }
}

/// What Docker hides of `/proc` and `/sys`, and what it leaves readable only.
enum SpecPaths {
    static let masked = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ]
    static let readonly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
