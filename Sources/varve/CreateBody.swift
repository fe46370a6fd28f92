import Glibc

extension RunOptions {
    /// The body of `POST /containers/create`.
    func body(image: String, command: [String], attached: Bool) throws -> JSON {
        var config: [(key: String, value: JSON)] = [
            (key: "Image", value: .string(image)),
            (key: "Hostname", value: .string(hostname ?? "")),
            (key: "Domainname", value: .string(domainname ?? "")),
            (key: "User", value: .string(user ?? "")),
            (key: "AttachStdin", value: .bool(attached && interactive)),
            (key: "AttachStdout", value: .bool(attached)),
            (key: "AttachStderr", value: .bool(attached)),
            (key: "Tty", value: .bool(tty)),
            (key: "OpenStdin", value: .bool(interactive)),
            (key: "StdinOnce", value: .bool(attached && interactive)),
            (key: "Env", value: .strings(try environment())),
            (key: "Cmd", value: command.isEmpty ? .null : .strings(command)),
            (key: "WorkingDir", value: .string(workdir ?? "")),
            (key: "Labels", value: map(label)),
            (key: "HostConfig", value: .object(try hostConfig())),
        ]
        let anonymous = volume.filter { !$0.contains(":") }
        if !anonymous.isEmpty {
            config.append((key: "Volumes", value: .object(anonymous.map { (key: $0, value: .object([])) })))
        }
        if let entrypoint { config.append((key: "Entrypoint", value: .strings([entrypoint]))) }
        if let stopSignal { config.append((key: "StopSignal", value: .string(stopSignal))) }
        if let stopTimeout { config.append((key: "StopTimeout", value: .int(stopTimeout))) }
        return .object(config)
    }

    private func hostConfig() throws -> [(key: String, value: JSON)] {
        var host: [(key: String, value: JSON)] = [
            (key: "AutoRemove", value: .bool(remove)),
            (key: "Privileged", value: .bool(privileged)),
            (key: "ReadonlyRootfs", value: .bool(readOnly)),
            (key: "NetworkMode", value: .string(network ?? "default")),
            (key: "PidMode", value: .string(pid ?? "")),
            (key: "IpcMode", value: .string(ipc ?? "")),
            (key: "UTSMode", value: .string(uts ?? "")),
            (key: "RestartPolicy", value: restartPolicy),
            (key: "Binds", value: .strings(try volume.filter { $0.contains(":") }.map(absolute))),
            (key: "Mounts", value: .array(try mount.map(MountFlag.parse))),
            (key: "Ulimits", value: .array(try ulimit.map(limit))),
            (key: "Devices", value: .array(device.map(deviceMapping))),
            (
                key: "LogConfig",
                value: .object([(key: "Type", value: .string(logDriver ?? "")), (key: "Config", value: map(logOpt))])
            ),
        ]
        let size = terminalSize()
        if tty { host.append((key: "ConsoleSize", value: .array([.int(size.rows), .int(size.columns)]))) }
        for (key, values) in [
            ("CapAdd", capAdd), ("CapDrop", capDrop), ("ExtraHosts", addHost), ("Dns", dns), ("DnsSearch", dnsSearch),
            ("DnsOptions", dnsOption), ("SecurityOpt", securityOpt), ("GroupAdd", groupAdd),
        ] where !values.isEmpty { host.append((key: key, value: .strings(values))) }
        if !tmpfs.isEmpty { host.append((key: "Tmpfs", value: map(tmpfs, separator: ":"))) }
        if !sysctl.isEmpty { host.append((key: "Sysctls", value: map(sysctl))) }
        if !storageOpt.isEmpty { host.append((key: "StorageOpt", value: map(storageOpt))) }
        if `init` { host.append((key: "Init", value: .bool(true))) }
        if let shmSize { host.append((key: "ShmSize", value: .int(try parseSize(shmSize)))) }
        if let runtime { host.append((key: "Runtime", value: .string(runtime))) }
        return host
    }

    private var restartPolicy: JSON {
        let parts = (restart ?? "no").split(separator: ":")
        return .object([
            (key: "Name", value: .string(String(parts.first ?? "no"))),
            (key: "MaximumRetryCount", value: .int(parts.count > 1 ? Int(parts[1]) ?? 0 : 0)),
        ])
    }

    private func map(_ entries: [String], separator: Character = "=") -> JSON {
        .object(
            entries.map { entry in
                guard let place = entry.firstIndex(of: separator) else { return (key: entry, value: .string("")) }
                return (key: String(entry[..<place]), value: .string(String(entry[entry.index(after: place)...])))
            }
        )
    }

    /// `./x:/y` with our own folder put in front.
    private func absolute(_ bind: String) throws -> String {
        guard bind.hasPrefix("."), let folder = realpath(String(bind.prefix { $0 != ":" }), nil) else { return bind }
        defer { free(folder) }
        return String(cString: folder) + bind.drop { $0 != ":" }
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

    private func deviceMapping(_ text: String) -> JSON {
        let parts = text.split(separator: ":").map(String.init)
        let inside = parts.count > 1 && parts[1].hasPrefix("/") ? parts[1] : parts.first ?? ""
        let permissions = parts.last.flatMap { parts.count > 1 && !$0.hasPrefix("/") ? $0 : nil } ?? "rwm"
        return .object([
            (key: "PathOnHost", value: .string(parts.first ?? "")), (key: "PathInContainer", value: .string(inside)),
            (key: "CgroupPermissions", value: .string(permissions)),
        ])
    }
}
