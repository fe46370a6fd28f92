import Archive
import DockerAPI
import FoundationEssentials
import Linux
import SystemPackage

/// The configuration file: dockerd's `daemon.json`, with the keys that mean something here.
struct ConfigFile: Decodable {
    var dataRoot: String?
    var execRoot: String?
    var hosts: [String]?
    var storageDriver: String?
    var driverCommand: String?
    var storageOpts: [String]?
    var logLevel: String?
    var logDriver: String?
    var logOpts: [String: String]?
    var debug: Bool?
    var group: String?
    var pidfile: String?
    var registryMirrors: [String]?
    var insecureRegistries: [String]?
    var maxConcurrentDownloads: Int?
    var maxConcurrentUploads: Int?
    var maxDownloadAttempts: Int?
    var cgroupParent: String?
    var execOpts: [String]?
    var logFormat: String?
    var labels: [String]?
    var liveRestore: Bool?
    var shutdownTimeout: Int?
    var metricsAddr: String?
    var tls: Bool?
    var tlsverify: Bool?
    var tlscacert: String?
    var tlscert: String?
    var tlskey: String?
    var allowPlainTCP: Bool?
    var runsInit: Bool?
    var noNewPrivileges: Bool?
    var defaultShmSize: String?
    var defaultIpcMode: String?
    var defaultCgroupnsMode: String?
    var defaultUlimits: [String: Ulimit]?
    var seccompProfile: String?
    var lxcfs: Bool?
    var usernsRemap: String?
    var selinuxEnabled: Bool?
    var dns: [String]?
    var dnsOptions: [String]?
    var dnsSearch: [String]?
    var bridge: String?
    var bip: String?
    var fixedCIDR: String?
    var mtu: Int?
    var icc: Bool?
    var ipMasq: Bool?
    var iptables: Bool?
    var ipForward: Bool?
    var ipForwardNoDrop: Bool?
    var ip: String?
    var defaultAddressPools: [Pool]?
    var cniLists: String?
    var cniPrograms: [String]?
    var proxies: Proxies.Given?
    var runtimes: [String: RuntimeEntry]?
    var defaultRuntime: String?
    var archiveMaxEntries: Int?
    var archiveMaxDepth: Int?
    var archiveMaxName: Int?
    var archiveMaxSize: Int64?
    var archiveMaxRatio: Int?
    /// All of it, as it stands there.
    var values: [String: ConfigValue] = [:]
    /// Keys that change nothing here.
    var ignored: [String] = []

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataRoot = "data-root"
        case execRoot = "exec-root"
        case hosts
        case storageDriver = "storage-driver"
        case driverCommand = "driver-command"
        case storageOpts = "storage-opts"
        case logLevel = "log-level"
        case logDriver = "log-driver"
        case logOpts = "log-opts"
        case debug
        case group
        case pidfile
        case registryMirrors = "registry-mirrors"
        case insecureRegistries = "insecure-registries"
        case maxConcurrentDownloads = "max-concurrent-downloads"
        case maxConcurrentUploads = "max-concurrent-uploads"
        case maxDownloadAttempts = "max-download-attempts"
        case cgroupParent = "cgroup-parent"
        case execOpts = "exec-opts"
        case logFormat = "log-format"
        case labels
        case liveRestore = "live-restore"
        case shutdownTimeout = "shutdown-timeout"
        case metricsAddr = "metrics-addr"
        case tls
        case tlsverify
        case tlscacert
        case tlscert
        case tlskey
        case allowPlainTCP = "allow-plain-tcp"
        case runsInit = "init"
        case noNewPrivileges = "no-new-privileges"
        case defaultShmSize = "default-shm-size"
        case defaultIpcMode = "default-ipc-mode"
        case defaultCgroupnsMode = "default-cgroupns-mode"
        case defaultUlimits = "default-ulimits"
        case seccompProfile = "seccomp-profile"
        case lxcfs
        case usernsRemap = "userns-remap"
        case selinuxEnabled = "selinux-enabled"
        case dns
        case dnsOptions = "dns-opts"
        case dnsSearch = "dns-search"
        case bridge
        case bip
        case fixedCIDR = "fixed-cidr"
        case mtu
        case icc
        case ipMasq = "ip-masq"
        case iptables
        case ipForward = "ip-forward"
        case ipForwardNoDrop = "ip-forward-no-drop"
        case ip
        case defaultAddressPools = "default-address-pools"
        case cniLists = "cni-conf-dir"
        case cniPrograms = "cni-bin-dir"
        case proxies
        case runtimes
        case defaultRuntime = "default-runtime"
        case archiveMaxEntries = "archive-max-entries"
        case archiveMaxDepth = "archive-max-depth"
        case archiveMaxName = "archive-max-name"
        case archiveMaxSize = "archive-max-size"
        case archiveMaxRatio = "archive-max-ratio"
    }

    /// Where networks get addresses from.
    struct Pool: Decodable {
        var base: String
        var size: Int
    }

    /// Reads the named file, or the default one if that is there.
    static func read(_ named: String?) throws -> ConfigFile {
        let path = FilePath(named ?? Settings.configFile)
        guard named != nil || exists(path) else { return ConfigFile() }
        let bytes: [UInt8]
        do { bytes = try readFile(path, limit: 1 << 20) } catch {
            throw StartFailure("unable to read the configuration file \(path): \(error)")
        }
        if bytes.allSatisfy({ $0 == 32 || (9...13).contains($0) }) { return ConfigFile() }
        do {
            let values = try JSONDecoder().decode([String: ConfigValue].self, from: Data(bytes))
            let ignored = try ConfigKeys.check(values.keys)
            var file = try JSONDecoder().decode(ConfigFile.self, from: Data(bytes))
            (file.values, file.ignored) = (values, ignored)
            return file
        } catch let error as DecodingError {
            throw StartFailure("unable to configure the daemon with file \(path): \(reason(error))")
        } catch let error as StartFailure {
            throw StartFailure("unable to configure the daemon with file \(path): \(error)")
        }
    }

    /// How much an archive may ask for: the defaults, and what the file says instead.
    func archiveLimits() throws -> ArchiveLimits {
        func checked<T: FixedWidthInteger>(_ value: T?, _ key: CodingKeys, or standard: T) throws -> T {
            guard let value else { return standard }
            guard value > 0 else { throw StartFailure("\(key.rawValue) must be above 0; leave it out for \(standard)") }
            return value
        }
        var limits = ArchiveLimits()
        limits.entries = try checked(archiveMaxEntries, .archiveMaxEntries, or: limits.entries)
        limits.depth = try checked(archiveMaxDepth, .archiveMaxDepth, or: limits.depth)
        limits.nameLength = try checked(archiveMaxName, .archiveMaxName, or: limits.nameLength)
        limits.expandedBytes = try checked(archiveMaxSize, .archiveMaxSize, or: limits.expandedBytes)
        limits.ratio = try checked(archiveMaxRatio, .archiveMaxRatio, or: limits.ratio)
        return limits
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return path.isEmpty ? "it is no JSON object" : "\(path[0]) must be \(form(path))"
        case .dataCorrupted(let context): return "it is no JSON: \(context.debugDescription)"
        default: return "it can't be read: \(error)"
        }
    }

    /// What stands at a place, in words.
    private static func form(_ path: [String]) -> String {
        switch path.first {
        case CodingKeys.debug.rawValue, CodingKeys.tls.rawValue, CodingKeys.tlsverify.rawValue,
            CodingKeys.liveRestore.rawValue, CodingKeys.allowPlainTCP.rawValue, CodingKeys.runsInit.rawValue,
            CodingKeys.noNewPrivileges.rawValue, CodingKeys.lxcfs.rawValue, CodingKeys.icc.rawValue,
            CodingKeys.ipMasq.rawValue, CodingKeys.iptables.rawValue, CodingKeys.ipForward.rawValue,
            CodingKeys.ipForwardNoDrop.rawValue, CodingKeys.selinuxEnabled.rawValue:
            "true or false"
        case CodingKeys.hosts.rawValue, CodingKeys.storageOpts.rawValue, CodingKeys.registryMirrors.rawValue,
            CodingKeys.insecureRegistries.rawValue, CodingKeys.labels.rawValue, CodingKeys.dns.rawValue,
            CodingKeys.dnsOptions.rawValue, CodingKeys.dnsSearch.rawValue, CodingKeys.execOpts.rawValue,
            CodingKeys.cniPrograms.rawValue:
            "a list of texts"
        case CodingKeys.logOpts.rawValue, CodingKeys.proxies.rawValue: "an object of texts"
        case CodingKeys.defaultUlimits.rawValue: #"an object of limits: {"nofile": {"Soft": 1024, "Hard": 2048}}"#
        case CodingKeys.runtimes.rawValue: #"an object of runtimes: {"name": {"path": "/usr/bin/name"}}"#
        case CodingKeys.defaultAddressPools.rawValue: #"a list of pools: [{"base": "10.10.0.0/16", "size": 24}]"#
        case CodingKeys.mtu.rawValue: "a number of bytes"
        case CodingKeys.shutdownTimeout.rawValue: "a number of seconds"
        case let key? where key.contains("max-"): "a whole number above 0"
        default: "a text"
        }
    }
}
