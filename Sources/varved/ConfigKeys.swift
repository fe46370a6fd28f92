import FoundationEssentials

/// A value of the configuration file as it stands there.
enum ConfigValue: Decodable, Equatable {
    case null, flag(Bool), number(Double), text(String), list([ConfigValue]), object([String: ConfigValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([ConfigValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ConfigValue].self))
        }
    }
}

/// Which keys a configuration file may have.
enum ConfigKeys {
    /// Those that count at once when the daemon is told to read the file again, as dockerd's.
    static let live: Set<ConfigFile.CodingKeys> = [
        .debug, .logLevel, .labels, .liveRestore, .registryMirrors, .insecureRegistries, .maxConcurrentDownloads,
        .maxConcurrentUploads, .maxDownloadAttempts, .shutdownTimeout, .runsInit, .noNewPrivileges, .defaultShmSize,
        .defaultIpcMode, .defaultCgroupnsMode, .defaultUlimits, .seccompProfile, .lxcfs, .dns, .dnsOptions, .dnsSearch,
        .runtimes, .defaultRuntime,
    ]

    /// Docker's that change nothing here.
    private static let ignored: Set<String> = [
        "builder", "containerd", "containerd-namespace", "containerd-plugin-namespace", "experimental", "features",
        "max-concurrent-builds", "raw-logs", "swarm-default-advertise-addr",
    ]

    /// Docker's that nobody can have yet: to do as if would be wrong.
    private static let unsupported: Set<String> = [
        "allow-direct-routing", "allow-nondistributable-artifacts", "api-cors-header", "authorization-plugins",
        "bip6", "bridge-accept-fwmark", "cdi-spec-dirs", "cpu-rt-period", "cpu-rt-runtime",
        "data-root-fs", "default-gateway", "default-gateway-v6", "default-network-opts",
        "firewall-backend", "fixed-cidr-v6", "host-gateway-ip",
        "host-gateway-ips", "http-proxy", "https-proxy", "init-path",
        "ip6tables", "ipv6", "min-api-version",
        "network-control-plane-mtu", "no-proxy", "node-generic-resources", "oom-score-adjust",
        "userland-proxy", "userland-proxy-path",
    ]

    /// Throws where a key means nothing or can't be had; gives those that change nothing.
    static func check(_ keys: some Collection<String>) throws(StartFailure) -> [String] {
        let known = Set(ConfigFile.CodingKeys.allCases.map(\.rawValue)).union(ignored)
        let others = keys.filter { !known.contains($0) }.sorted()
        let unknown = others.filter { !unsupported.contains($0) }
        guard unknown.isEmpty else {
            throw StartFailure(
                "the following directives don't match any configuration option: \(unknown.joined(separator: ", "))"
            )
        }
        guard others.isEmpty else {
            throw StartFailure(
                "the following directives are Docker's, but not supported by varve yet; remove them: "
                    + others.joined(separator: ", ")
            )
        }
        return keys.filter(ignored.contains).sorted()
    }

    /// The keys whose values differ, apart: those that count at once, and those that need a new start.
    static func changes(
        from old: [String: ConfigValue],
        to new: [String: ConfigValue]
    ) -> (live: [String], others: [String]) {
        let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
        let isLive = { (key: String) in ConfigFile.CodingKeys(rawValue: key).map(live.contains) ?? false }
        return (changed.filter(isLive), changed.filter { !isLive($0) })
    }
}
