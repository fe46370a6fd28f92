import DockerAPI
import FoundationEssentials
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// What `json-file` notes with each entry, and `logs --details` shows.
enum LogAttributes {
    /// The labels and variables that the options name, and the tag; a JSON object, or nil.
    static func text(_ record: ContainerRecord, _ options: [String: String]) throws -> String? {
        var attributes = try chosen("labels", record.config.labels ?? [:], options)
        attributes.merge(try chosen("env", variables(record.config.env ?? []), options)) { $1 }
        let tag = try LogTag.text(options["tag"] ?? "", record)
        if !tag.isEmpty { attributes["tag"] = tag }
        guard !attributes.isEmpty else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(attributes), as: UTF8.self)
    }

    private static func chosen(
        _ option: String,
        _ all: [String: String],
        _ options: [String: String]
    ) throws -> [String: String] {
        let names = Set((options[option] ?? "").split(separator: ",").map(String.init))
        let expression = try expression("\(option)-regex", options)
        return all.filter { names.contains($0.key) || expression.map($0.key.contains) ?? false }
    }

    private static func variables(_ entries: [String]) -> [String: String] {
        var variables: [String: String] = [:]
        for entry in entries {
            guard let sign = entry.firstIndex(of: "=") else { continue }
            variables[String(entry[..<sign])] = String(entry[entry.index(after: sign)...])
        }
        return variables
    }

    /// A regular expression among the options; nil: none is given.
    static func expression(_ option: String, _ options: [String: String]) throws -> Regex<AnyRegexOutput>? {
        guard let text = options[option], !text.isEmpty else { return nil }
        do { return try Regex(text) } catch {
            throw EngineError(.invalid, "invalid value for \(option): error parsing regexp '\(text)': \(error)")
        }
    }
}

/// `--log-opt tag=`: a text with places for what the container is called.
enum LogTag {
    private static let fields: [(name: String, value: @Sendable (ContainerRecord) -> String)] = [
        (".ID", { String($0.id.prefix(12)) }), (".FullID", { $0.id }), (".Name", { $0.plainName }),
        (".ImageID", { String($0.image.prefix(12)) }), (".ImageFullID", { $0.image }),
        (".ImageName", { $0.config.image }), (".DaemonName", { _ in "varve" }), (".Hostname", { _ in Host.name }),
        (".Command", { ([$0.path] + $0.args).joined(separator: " ") }),
    ]

    static func check(_ template: String) throws { _ = try pieces(template) }

    static func text(_ template: String, _ record: ContainerRecord) throws -> String {
        try pieces(template).map { $0(record) }.joined()
    }

    private static func pieces(_ template: String) throws -> [(ContainerRecord) -> String] {
        var pieces: [(ContainerRecord) -> String] = []
        var rest = template[...]
        while let open = rest.firstRange(of: "{{") {
            let before = String(rest[..<open.lowerBound])
            pieces.append { _ in before }
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw EngineError(.invalid, "log tag '\(template)' has a {{ without its }}")
            }
            let name = rest[open.upperBound..<close.lowerBound].filter { $0 != " " }
            guard let field = fields.first(where: { $0.name == name }) else {
                let known = fields.map { "{{\($0.name)}}" }.joined(separator: ", ")
                throw EngineError(.invalid, "log tag '\(template)': {{\(name)}} means nothing here; there are \(known)")
            }
            pieces.append(field.value)
            rest = rest[close.upperBound...]
        }
        let last = String(rest)
        return pieces + [{ _ in last }]
    }
}

extension LogTarget {
    /// Nil for the log driver `none`; throws for one that is not there, as another engine may have written it down.
    init?(_ record: ContainerRecord, _ host: HostConfig) throws {
        let type = host.logConfig?.type ?? ""
        if type == LogOptions.none { return nil }
        var config = host.logConfig ?? LogConfig()
        if type.isEmpty { config.type = Format.jsonFile.rawValue }
        try LogOptions.check(config)
        let options = config.config ?? [:]
        let format = Format(rawValue: config.type) ?? .jsonFile
        let own = FilePath(record.logPath)
        let local = own.removingLastComponent().appending("local-logs").appending("container.log")
        self.init(format, path: (format == .local ? local : own).string)
        (maxSize, maxFiles, compresses) = try LogOptions.rotation(format, options)
        if format == .jsonFile { attributes = try LogAttributes.text(record, options) }
    }
}
