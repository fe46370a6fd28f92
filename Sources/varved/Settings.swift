import Archive
import DockerAPI
import Engine
import GraphDrivers
import HTTPServer
import Logging
import Registry
import SystemPackage

/// What the daemon is to do: from its flags, its configuration file, and the defaults.
struct Settings {
    static let dataRoot = "/var/lib/varve"
    static let execRoot = "/run/varve"
    static let host = "unix:///run/varve/varve.sock"
    static let configFile = "/etc/varve/daemon.json"
    static let group = "docker"
    static let shutdownTimeout = 10

    let dataRoot: FilePath
    /// The ids that containers have; nil: the host's.
    let remapping: Remapping?
    let usesSELinux: Bool
    let execRoot: FilePath
    let listen: [ListenAddress]
    let tls: TLSSettings?
    let allowsPlainTCP: Bool
    /// Where to serve figures, as a host and a port.
    let metrics: ListenAddress?
    /// Asked for on the command line; it counts for more than the environment.
    let driverByFlag: String?
    /// Asked for in the file; it counts for less.
    let driverByFile: String?
    let driverOptions: DriverOptions
    /// What to start as the driver, if anything.
    let driverCommand: String?
    let logLevel: Logger.Level
    let logFormat: LogFormat
    /// The log driver of containers that name none.
    let logConfig: LogConfig
    let group: String
    let pidFile: FilePath?
    let archiveLimits: ArchiveLimits
    /// Empty: the engine's own.
    let cgroupParent: String
    let bridge: BridgeSettings
    let plugins: PluginSettings
    /// What may change while the daemon runs.
    let live: LiveSettings
    let proxies: Proxies
    let file: ConfigFile

    init(_ flags: DaemonFlags) throws {
        file = try ConfigFile.read(flags.configFile)
        try file.refuseDoubles(flags)
        let whole = try Self.absolute(flags.dataRoot ?? file.dataRoot ?? Self.dataRoot, "data-root")
        remapping = try Self.remapping(flags.usernsRemap ?? file.usernsRemap ?? "")
        usesSELinux = flags.selinuxEnabled || file.selinuxEnabled ?? false
        dataRoot = remapping.map { whole.appending($0.folder) } ?? whole
        execRoot = try Self.absolute(flags.execRoot ?? file.execRoot ?? Self.execRoot, "exec-root")
        let hosts = flags.host.isEmpty ? file.hosts ?? [] : flags.host
        listen = try (hosts.isEmpty ? [Self.host] : hosts).map(Self.address)
        tls = try TLSSettings(flags, file)
        allowsPlainTCP = flags.allowPlainTCP || file.allowPlainTCP ?? false
        metrics = try (flags.metricsAddr ?? file.metricsAddr).map(Self.metricsAddress)
        (driverByFlag, driverByFile) = (flags.storageDriver, file.storageDriver)
        driverCommand = flags.driverCommand ?? file.driverCommand
        driverOptions = try DriverOptions(parsing: flags.storageOpt.isEmpty ? file.storageOpts ?? [] : flags.storageOpt)
        let level = try Self.level(flags.logLevel ?? file.logLevel ?? "info")
        var live = LiveSettings()
        live.debug = flags.debug || file.debug ?? false
        logLevel = live.debug ? min(level, .debug) : level
        logFormat = try LogFormat(named: flags.logFormat ?? file.logFormat ?? "text")
        logConfig = try Self.logConfig(flags, file)
        bridge = try BridgeSettings(flags.bridge, file)
        try ExecOptions.check(flags.execOpt.isEmpty ? file.execOpts ?? [] : flags.execOpt)
        plugins = try PluginSettings(flags.bridge, file)
        cgroupParent = flags.cgroupParent ?? file.cgroupParent ?? ""
        group = flags.group ?? file.group ?? Self.group
        archiveLimits = try file.archiveLimits()
        live.labels = try Self.labels(flags.label.isEmpty ? file.labels ?? [] : flags.label)
        live.registry = try Self.registry(flags, file)
        live.shutdownTimeout = flags.shutdownTimeout ?? file.shutdownTimeout ?? Self.shutdownTimeout
        guard live.shutdownTimeout >= 0 else {
            throw StartFailure("shutdown-timeout is \(live.shutdownTimeout); give it a number of seconds")
        }
        live.containers = try ContainerDefaults(flags, file)
        live.runtimes = try Runtimes(flags, file)
        self.live = live
        proxies = try Proxies(flags, file)
        pidFile = try (flags.pidfile ?? file.pidfile).map { try Self.absolute($0, "pidfile") }
    }

    private static func remapping(_ text: String) throws -> Remapping? {
        do { return text.isEmpty ? nil : try Remapping(text) } catch { throw StartFailure("userns-remap: \(error)") }
    }

    /// Relative paths are taken from the working folder, which the daemon keeps.
    static func absolute(_ text: String, _ name: String) throws -> FilePath {
        guard !text.isEmpty else { throw StartFailure("\(name) is empty; give it a path") }
        let path = FilePath(text)
        return path.isAbsolute
            ? path.lexicallyNormalized() : try Host.workingFolder().pushing(path).lexicallyNormalized()
    }

    private static func address(_ host: String) throws -> ListenAddress {
        let address = try ListenAddress(host)
        guard case .unix(let path) = address else { return address }
        return .unix(path: try absolute(path.isEmpty ? String(Self.host.dropFirst(7)) : path, "host").string)
    }

    private static func metricsAddress(_ text: String) throws -> ListenAddress {
        guard case .tcp(let host, .some(let port))? = try? ListenAddress(text) else {
            throw StartFailure("metrics-addr '\(text)' is no host and port; write it as 127.0.0.1:9323")
        }
        return .tcp(host: host, port: port)
    }

    /// Each `key=value`, and no key with two values.
    private static func labels(_ labels: [String]) throws -> [String] {
        var values: [Substring: Substring] = [:]
        for label in labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw StartFailure("bad attribute format: \(label); write a label as key=value")
            }
            if let other = values[parts[0]], other != parts[1] {
                throw StartFailure("conflict labels for \(parts[0])=\(parts[1]) and \(parts[0])=\(other)")
            }
            values[parts[0]] = parts[1]
        }
        return labels
    }

    private static func registry(_ flags: DaemonFlags, _ file: ConfigFile) throws -> RegistrySettings {
        var registry = RegistrySettings()
        registry.mirrors = flags.registryMirror.isEmpty ? file.registryMirrors ?? [] : flags.registryMirror
        // Whoever may ask for `info` would read it, so it isn't repeated here either.
        guard !registry.mirrors.contains(where: { $0.contains("@") }) else {
            throw StartFailure(
                "a registry mirror's address has a user or a password (an '@'), which mirrors don't get; write it as "
                    + "https://mirror.example.com"
            )
        }
        for mirror in registry.mirrors where !mirror.hasPrefix("https://") && !mirror.hasPrefix("http://") {
            throw StartFailure("registry mirror '\(mirror)' is no address; write it as https://mirror.example.com")
        }
        registry.insecure = flags.insecureRegistry.isEmpty ? file.insecureRegistries ?? [] : flags.insecureRegistry
        for name in registry.insecure where name.contains("://") {
            throw StartFailure(
                "insecure registry \(name) should not contain '://'; write it as host, host:port or 10.0.0.0/8"
            )
        }
        func number(_ flag: Int?, _ key: Int?, _ standard: Int, _ name: String) throws -> Int {
            let value = flag ?? key ?? standard
            guard value > 0 else { throw StartFailure("\(name) must be above 0; leave it out for \(standard)") }
            return value
        }
        let (downloads, uploads) = (flags.maxConcurrentDownloads, flags.maxConcurrentUploads)
        registry.downloads = try number(downloads, file.maxConcurrentDownloads, 3, "max-concurrent-downloads")
        registry.uploads = try number(uploads, file.maxConcurrentUploads, 5, "max-concurrent-uploads")
        let attempts = flags.maxDownloadAttempts
        registry.attempts = try number(attempts, file.maxDownloadAttempts, 5, "max-download-attempts")
        return registry
    }

    private static func logConfig(_ flags: DaemonFlags, _ file: ConfigFile) throws -> LogConfig {
        var config = LogConfig()
        config.type = flags.logDriver ?? file.logDriver ?? "json-file"
        config.config = flags.logOpt.isEmpty ? file.logOpts : [:]
        for option in flags.logOpt {
            guard let sign = option.firstIndex(of: "=") else {
                throw StartFailure("log-opt '\(option)' has no value; write it as max-size=10m")
            }
            config.config?[String(option[..<sign])] = String(option[option.index(after: sign)...])
        }
        do { try LogOptions.check(config) } catch { throw StartFailure("failed to set log opts: \(error)") }
        return config
    }

    private static func level(_ name: String) throws -> Logger.Level {
        switch name {
        case "trace": return .trace
        case "debug": return .debug
        case "info": return .info
        case "warn": return .warning
        case "error": return .error
        case "fatal", "panic": return .critical
        default: throw StartFailure("unknown log level '\(name)'; choose one of debug, info, warn, error, fatal")
        }
    }
}
