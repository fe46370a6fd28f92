import Archive
import FoundationEssentials
import Linux
import SystemPackage

/// The configuration file: dockerd's `daemon.json`, with the keys that mean something here.
struct ConfigFile: Decodable {
    var dataRoot: String?
    var execRoot: String?
    var hosts: [String]?
    var storageDriver: String?
    var storageOpts: [String]?
    var logLevel: String?
    var debug: Bool?
    var group: String?
    var pidfile: String?
    var archiveMaxEntries: Int?
    var archiveMaxDepth: Int?
    var archiveMaxName: Int?
    var archiveMaxSize: Int64?
    var archiveMaxRatio: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataRoot = "data-root"
        case execRoot = "exec-root"
        case hosts
        case storageDriver = "storage-driver"
        case storageOpts = "storage-opts"
        case logLevel = "log-level"
        case debug
        case group
        case pidfile
        case archiveMaxEntries = "archive-max-entries"
        case archiveMaxDepth = "archive-max-depth"
        case archiveMaxName = "archive-max-name"
        case archiveMaxSize = "archive-max-size"
        case archiveMaxRatio = "archive-max-ratio"
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
            let keys = try JSONDecoder().decode([String: AnyValue].self, from: Data(bytes)).keys.sorted()
            let known = Set(CodingKeys.allCases.map(\.rawValue))
            let unknown = keys.filter { !known.contains($0) }
            guard unknown.isEmpty else {
                throw StartFailure(
                    "unable to configure the daemon with file \(path): the following directives don't match any "
                        + "configuration option: \(unknown.joined(separator: ", "))"
                )
            }
            return try JSONDecoder().decode(ConfigFile.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw StartFailure("unable to configure the daemon with file \(path): \(reason(error))")
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

    /// Throws where a directive is given here and as a flag, too.
    func refuseDoubles(_ flags: DaemonFlags) throws {
        func pair(_ key: CodingKeys, _ flag: String?, _ file: String?) -> String? {
            guard let flag, let file else { return nil }
            return "\(key.rawValue): (from flag: \(flag), from file: \(file))"
        }
        func list(_ values: [String]?) -> String? {
            values.flatMap { $0.isEmpty ? nil : "[\($0.joined(separator: " "))]" }
        }
        let doubles = [
            pair(.dataRoot, flags.dataRoot, dataRoot), pair(.execRoot, flags.execRoot, execRoot),
            pair(.hosts, list(flags.host), list(hosts)), pair(.storageDriver, flags.storageDriver, storageDriver),
            pair(.storageOpts, list(flags.storageOpt), list(storageOpts)), pair(.logLevel, flags.logLevel, logLevel),
            pair(.debug, flags.debug ? "true" : nil, debug.map { "\($0)" }), pair(.group, flags.group, group),
            pair(.pidfile, flags.pidfile, pidfile),
        ].compactMap { $0 }
        guard doubles.isEmpty else {
            throw StartFailure(
                "the following directives are specified both as a flag and in the configuration file: "
                    + doubles.joined(separator: ", ")
            )
        }
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
        case CodingKeys.debug.rawValue: "true or false"
        case CodingKeys.hosts.rawValue, CodingKeys.storageOpts.rawValue: "a list of texts"
        case let key? where key.hasPrefix("archive-max-"): "a whole number above 0"
        default: "a text"
        }
    }

    /// Any JSON value, for those who want the keys only.
    private struct AnyValue: Decodable { init(from _: any Decoder) {} }
}
