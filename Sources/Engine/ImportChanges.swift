import FoundationEssentials
import OCI

/// The Dockerfile instructions that `import --change` takes, each a line.
enum ImportChanges {
    static func apply(_ changes: [String], to config: ContainerConfig) throws -> ContainerConfig {
        var config = config
        for change in changes {
            let text = change.trimmed
            let word = text.prefix { !$0.isWhitespace }
            try apply(word.uppercased(), String(text.dropFirst(word.count)).trimmed, change, to: &config)
        }
        return config
    }

    private static func apply(
        _ instruction: String,
        _ rest: String,
        _ change: String,
        to config: inout ContainerConfig
    ) throws {
        guard !rest.isEmpty else {
            throw EngineError(.invalid, "--change '\(change)': \(instruction) needs an argument")
        }
        switch instruction {
        case "CMD": config.cmd = command(rest)
        case "ENTRYPOINT": config.entrypoint = command(rest)
        case "ENV":
            for (key, value) in pairs(rest) {
                var environment = config.env ?? []
                environment.removeAll { $0.hasPrefix(key + "=") }
                config.env = environment + ["\(key)=\(value)"]
            }
        case "LABEL":
            for (key, value) in pairs(rest) { config.labels = (config.labels ?? [:]).merging([key: value]) { $1 } }
        case "EXPOSE":
            for port in rest.split(separator: " ") {
                config.exposedPorts.insert(port.contains("/") ? "\(port)" : "\(port)/tcp")
            }
        case "USER": config.user = rest
        case "WORKDIR":
            let base = config.workingDir.isEmpty ? "/" : config.workingDir + "/"
            config.workingDir = rest.hasPrefix("/") ? rest : base + rest
        case "VOLUME":
            config.volumes = (config.volumes ?? []).union(list(rest) ?? rest.split(separator: " ").map(String.init))
        case "STOPSIGNAL": config.stopSignal = rest
        case "HEALTHCHECK": config.healthcheck = try HealthInstruction.parse(rest)
        case "ONBUILD": config.onBuild = (config.onBuild ?? []) + [rest]
        default: throw unknown(instruction, change)
        }
    }

    private static func unknown(_ instruction: String, _ change: String) -> EngineError {
        EngineError(
            .invalid,
            "--change '\(change)': \(instruction) is not a valid change command; there are CMD, ENTRYPOINT, ENV, EXPOSE, "
                + "HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR"
        )
    }

    /// A JSON list, or a line for the shell.
    private static func command(_ text: String) -> [String] { list(text) ?? ["/bin/sh", "-c", text] }

    private static func list(_ text: String) -> [String]? {
        text.hasPrefix("[") ? try? JSONDecoder().decode([String].self, from: Data(text.utf8)) : nil
    }

    /// `a=1 b="x y"`, or the old form `a rest of the line`.
    private static func pairs(_ text: String) -> [(String, String)] {
        let words = words(text)
        guard let first = words.first, first.contains("=") else {
            let key = text.prefix { !$0.isWhitespace }
            return [(String(key), String(text.dropFirst(key.count)).trimmed)]
        }
        return words.compactMap { word in
            guard let equal = word.firstIndex(of: "=") else { return nil }
            return (String(word[..<equal]), String(word[word.index(after: equal)...]))
        }
    }

    /// Words as a shell would part them: quotes group, a backslash takes the next character as it is.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return word.map { words + [$0] } ?? words
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(String(start.reversed().drop { $0.isWhitespace }).reversed())
    }
}
