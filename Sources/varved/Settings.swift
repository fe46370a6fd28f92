import Archive
import GraphDrivers
import Logging
import SystemPackage

/// What the daemon is to do: from its flags, its configuration file, and the defaults.
struct Settings {
    static let dataRoot = "/var/lib/varve"
    static let execRoot = "/run/varve"
    static let host = "unix:///run/varve/varve.sock"
    static let configFile = "/etc/varve/daemon.json"
    static let group = "docker"

    let dataRoot: FilePath
    let execRoot: FilePath
    /// Paths of sockets.
    let sockets: [String]
    /// Asked for on the command line; it counts for more than the environment.
    let driverByFlag: String?
    /// Asked for in the file; it counts for less.
    let driverByFile: String?
    let driverOptions: DriverOptions
    let logLevel: Logger.Level
    let group: String
    let pidFile: FilePath?
    let archiveLimits: ArchiveLimits

    init(_ flags: DaemonFlags) throws {
        let file = try ConfigFile.read(flags.configFile)
        try file.refuseDoubles(flags)
        dataRoot = try Self.absolute(flags.dataRoot ?? file.dataRoot ?? Self.dataRoot, "data-root")
        execRoot = try Self.absolute(flags.execRoot ?? file.execRoot ?? Self.execRoot, "exec-root")
        let hosts = flags.host.isEmpty ? file.hosts ?? [] : flags.host
        sockets = try (hosts.isEmpty ? [Self.host] : hosts).map(Self.socket)
        driverByFlag = flags.storageDriver
        driverByFile = file.storageDriver
        driverOptions = try DriverOptions(parsing: flags.storageOpt.isEmpty ? file.storageOpts ?? [] : flags.storageOpt)
        let level = try Self.level(flags.logLevel ?? file.logLevel ?? "info")
        logLevel = flags.debug || file.debug ?? false ? .debug : level
        group = flags.group ?? file.group ?? Self.group
        archiveLimits = try file.archiveLimits()
        pidFile = try (flags.pidfile ?? file.pidfile).map { try Self.absolute($0, "pidfile") }
    }

    /// Relative paths are taken from the working folder, which the daemon keeps.
    private static func absolute(_ text: String, _ name: String) throws -> FilePath {
        guard !text.isEmpty else { throw StartFailure("\(name) is empty; give it a path") }
        let path = FilePath(text)
        return path.isAbsolute
            ? path.lexicallyNormalized() : try Host.workingFolder().pushing(path).lexicallyNormalized()
    }

    private static func socket(_ host: String) throws -> String {
        let prefix = "unix://"
        guard host.hasPrefix(prefix) else {
            throw StartFailure(
                "can't listen on '\(host)': only UNIX sockets are supported; write unix:// and a path, "
                    + "as in unix:///run/varve/varve.sock"
            )
        }
        let path = String(host.dropFirst(prefix.count))
        return path.isEmpty ? String(Self.host.dropFirst(prefix.count)) : try absolute(path, "host").string
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
