import Glibc
import SystemPackage

extension RunOptions {
    /// The body of `POST /containers/create`.
    func body(image: String, command: [String], attached: Bool) throws -> JSON {
        let streams = try attachedStreams(attached)
        var config: [(key: String, value: JSON)] = [
            (key: "Image", value: .string(image)),
            (key: "Hostname", value: .string(hostname ?? "")),
            (key: "Domainname", value: .string(domainname ?? "")),
            (key: "User", value: .string(user ?? "")),
            (key: "AttachStdin", value: .bool(streams.input)),
            (key: "AttachStdout", value: .bool(streams.output)),
            (key: "AttachStderr", value: .bool(streams.errors)),
            (key: "Tty", value: .bool(tty)),
            (key: "OpenStdin", value: .bool(interactive)),
            (key: "StdinOnce", value: .bool(streams.input)),
            (key: "Env", value: .strings(try environment(files: envFile, entries: env))),
            (key: "Cmd", value: command.isEmpty ? .null : .strings(command)),
            (key: "WorkingDir", value: .string(workdir ?? "")),
            (key: "Labels", value: .pairs(try labels())),
            (key: "HostConfig", value: .object(try hostConfig())),
        ]
        let anonymous = volume.filter { !$0.contains(":") }
        if !anonymous.isEmpty {
            config.append((key: "Volumes", value: .object(anonymous.map { (key: $0, value: .object([])) })))
        }
        if let entrypoint { config.append((key: "Entrypoint", value: .strings([entrypoint]))) }
        if let health = try health.body() { config.append((key: "Healthcheck", value: health)) }
        if let stopSignal { config.append((key: "StopSignal", value: .string(stopSignal))) }
        if let stopTimeout { config.append((key: "StopTimeout", value: .int(stopTimeout))) }
        return .object(config + (try networking.fields()))
    }

    /// Which streams are attached: those of `--attach`, else all; standard input only where it is kept open.
    func attachedStreams(_ attached: Bool) throws -> (input: Bool, output: Bool, errors: Bool) {
        let names = Set(attach.map { $0.lowercased() })
        guard names.isSubset(of: ["stdin", "stdout", "stderr"]) else {
            throw Failure(message: "valid streams for --attach are STDIN, STDOUT and STDERR", status: 125)
        }
        if !names.isEmpty {
            guard attached else {
                throw Failure(message: "conflicting options: cannot specify both --attach and --detach", status: 125)
            }
            return (names.contains("stdin"), names.contains("stdout"), names.contains("stderr"))
        }
        return (attached && interactive, attached, attached)
    }

    private func labels() throws -> [String] {
        let filed = try labelFile.flatMap { path in try lines(of: path).filter { !$0.isEmpty && !$0.hasPrefix("#") } }
        return filed + label
    }

    private func hostConfig() throws -> [(key: String, value: JSON)] {
        var host: [(key: String, value: JSON)] = [
            (key: "AutoRemove", value: .bool(remove)),
            (key: "Privileged", value: .bool(privileged)),
            (key: "ReadonlyRootfs", value: .bool(readOnly)),
            (key: "PidMode", value: .string(pid ?? "")),
            (key: "IpcMode", value: .string(ipc ?? "")),
            (key: "UTSMode", value: .string(uts ?? "")),
            (key: "RestartPolicy", value: try restartPolicy(restart)),
            (key: "Binds", value: .strings(volume.filter { $0.contains(":") }.map(absolute))),
            (key: "Mounts", value: .array(try mount.map(MountFlag.parse))),
            (key: "Ulimits", value: .array(try ulimit.map(limit))),
            (
                key: "LogConfig",
                value: .object([(key: "Type", value: .string(logDriver ?? "")), (key: "Config", value: .pairs(logOpt))])
            ),
        ]
        let size = terminalSize()
        if tty { host.append((key: "ConsoleSize", value: .array([.int(size.rows), .int(size.columns)]))) }
        let capabilities = CapabilityFlags(added: capAdd, dropped: capDrop)
        let isOpen = securityOpt.contains("systempaths=unconfined")
        if isOpen { for key in ["MaskedPaths", "ReadonlyPaths"] { host.append((key: key, value: .array([]))) } }
        let security = try securityOpt.filter { $0 != "systempaths=unconfined" }.map(withProfile)
        for (key, values) in [
            ("CapAdd", capabilities.added), ("CapDrop", capabilities.dropped), ("SecurityOpt", security),
            ("GroupAdd", groupAdd), ("VolumesFrom", volumesFrom),
        ] where !values.isEmpty { host.append((key: key, value: .strings(values))) }
        if !tmpfs.isEmpty { host.append((key: "Tmpfs", value: .pairs(tmpfs, separator: ":"))) }
        let notes = annotation + (lxcfs ? ["io.varve.lxcfs=true"] : [])
        for (key, entries) in [("Sysctls", sysctl), ("StorageOpt", storageOpt), ("Annotations", notes)]
        where !entries.isEmpty { host.append((key: key, value: .pairs(entries))) }
        for (key, text) in [
            ("Runtime", runtime), ("UsernsMode", userns), ("CgroupnsMode", cgroupns), ("CgroupParent", cgroupParent),
            ("VolumeDriver", volumeDriver), ("Isolation", isolation),
        ] { if let text { host.append((key: key, value: .string(text))) } }
        if `init` { host.append((key: "Init", value: .bool(true))) }
        if let shmSize { host.append((key: "ShmSize", value: .int(try parseSize(shmSize)))) }
        return try host + networking.hostFields() + resources.fields() + devices.fields()
    }

    /// `seccomp=FILE` with what is in the file: the daemon may not see it.
    private func withProfile(_ option: String) throws -> String {
        let value = option.drop { $0 != "=" && $0 != ":" }.dropFirst()
        guard option.hasPrefix("seccomp"), !["unconfined", "builtin", ""].contains(value) else { return option }
        let text = try lines(of: String(value)).joined(separator: "\n")
        guard let profile = try? JSON(Array(text.utf8)) else {
            throw Failure(message: "compacting json for seccomp profile (\(value)) failed: it is no JSON", status: 125)
        }
        return "seccomp=\(profile.text())"
    }

    /// `./x:/y` with our own folder put in front.
    private func absolute(_ bind: String) -> String {
        guard bind.hasPrefix(".") else { return bind }
        return absolutePath(String(bind.prefix { $0 != ":" })) + bind.drop { $0 != ":" }
    }

    private func limit(_ text: String) throws -> JSON {
        let parts = text.split(separator: "=", maxSplits: 1)
        let values = parts.count == 2 ? parts[1].split(separator: ":").map { Int($0) } : []
        guard let soft = values.first ?? nil, let hard = values.last ?? nil, values.count <= 2 else {
            throw Failure(message: "invalid ulimit argument: \(text)", status: 125)
        }
        return .object([
            (key: "Name", value: .string(String(parts[0]))), (key: "Hard", value: .int(hard)),
            (key: "Soft", value: .int(soft)),
        ])
    }
}

/// A path of ours, as the daemon can find it; there need be nothing.
func absolutePath(_ path: String) -> String {
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return FilePath(String(cString: folder)).pushing(FilePath(path)).lexicallyNormalized().string
}
