import DockerAPI
import Engine
import GraphDrivers
import Linux

extension ContainerDefaults {
    /// From flags and file, held to dockerd's rules.
    init(_ flags: DaemonFlags, _ file: ConfigFile) throws {
        self.init()
        runsInit = flags.`init` || file.runsInit ?? false
        noNewPrivileges = flags.noNewPrivileges || file.noNewPrivileges ?? false
        if let size = flags.defaultShmSize ?? file.defaultShmSize { shmSize = try Self.size(size) }
        ipcMode = try Self.mode(
            flags.defaultIpcMode ?? file.defaultIpcMode ?? ipcMode,
            "default-ipc-mode",
            ["private", "shareable"]
        )
        cgroupnsMode = try Self.mode(
            flags.defaultCgroupnsMode ?? file.defaultCgroupnsMode ?? cgroupnsMode,
            "default-cgroupns-mode",
            ["private", "host"]
        )
        ulimits =
            try flags.defaultUlimit.isEmpty
            ? Self.ulimits(file.defaultUlimits ?? [:]) : flags.defaultUlimit.map(Self.ulimit)
        seccomp = try Self.profile(flags.seccompProfile ?? file.seccompProfile ?? "")
        lxcfs = flags.lxcfs || file.lxcfs ?? false
        if lxcfs { do { try Lxcfs.check() } catch { throw StartFailure("lxcfs: \(error)") } }
        dns = try (flags.dns.isEmpty ? file.dns ?? [] : flags.dns).map(Self.nameServer)
        dnsOptions = flags.dnsOpt.isEmpty ? file.dnsOptions ?? [] : flags.dnsOpt
        dnsSearch = flags.dnsSearch.isEmpty ? file.dnsSearch ?? [] : flags.dnsSearch
        for limit in ulimits { do { try limit.check() } catch { throw StartFailure("default-ulimits: \(error)") } }
    }

    private static func size(_ text: String) throws -> Int64 {
        let size: Int64
        do { size = try parseSize(text) } catch { throw StartFailure("default-shm-size: \(error)") }
        guard size > 0 else { throw StartFailure("default-shm-size must be above 0; leave it out for 64M") }
        return size
    }

    /// `builtin`, `unconfined`, or what is in a file.
    private static func profile(_ name: String) throws -> SeccompChoice {
        guard SeccompChoice(name) == .profile(name) else { return SeccompChoice(name) }
        do {
            let path = try Settings.absolute(name, "seccomp-profile")
            let choice = SeccompChoice.profile(String(decoding: try readFile(path, limit: 1 << 20), as: UTF8.self))
            try choice.check()
            return choice
        } catch { throw StartFailure("seccomp-profile \(name): \(error)") }
    }

    private static func mode(_ mode: String, _ name: String, _ known: [String]) throws -> String {
        guard known.contains(mode) else {
            throw StartFailure("\(name) '\(mode)' can't be a default; choose \(known.joined(separator: " or "))")
        }
        return mode
    }

    private static func nameServer(_ text: String) throws -> String {
        guard AddressRange.address(text) != nil else { throw StartFailure("dns: '\(text)' is no IP address") }
        return text
    }

    /// The file names each limit by its key; dockerd wants the name a second time, inside.
    private static func ulimits(_ limits: [String: Ulimit]) throws -> [Ulimit] {
        try limits.sorted { $0.key < $1.key }.map { name, limit in
            var limit = limit
            guard ["", name].contains(limit.name) else {
                throw StartFailure("default-ulimits: what is under \(name) is named \(limit.name); give both one name")
            }
            limit.name = name
            return limit
        }
    }

    /// `nofile=1024` or `nofile=1024:2048`, the soft one first.
    private static func ulimit(_ text: String) throws -> Ulimit {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts.count == 2 ? parts[1].split(separator: ":", omittingEmptySubsequences: false) : []
        let values = numbers.map { Int64($0) }
        guard let soft = values.first ?? nil, let hard = values.last ?? nil, values.count <= 2 else {
            throw StartFailure("default-ulimit '\(text)' is no limit; write it as nofile=1024:2048")
        }
        var limit = Ulimit()
        (limit.name, limit.soft, limit.hard) = (String(parts[0]), soft, hard)
        return limit
    }
}
