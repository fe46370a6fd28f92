/// An SELinux context: `user:role:type:level`. Policies without levels have none.
struct SecurityContext: Equatable, Sendable, CustomStringConvertible {
    var user: String
    var role: String
    var type: String
    /// `s0:c1,c2`, which has colons itself; empty: none.
    var level: String

    init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, !parts.contains("") else {
            throw EngineError(.invalid, "'\(text)' is no SELinux context: it is written as user:role:type:level")
        }
        (user, role, type) = (parts[0], parts[1], parts[2])
        level = parts.count == 4 ? parts[3] : ""
    }

    var description: String { [user, role, type].joined(separator: ":") + (level.isEmpty ? "" : ":" + level) }

    /// What gives another process the same, as `--security-opt label=` takes it.
    var options: [String] {
        ["user:\(user)", "role:\(role)", "type:\(type)"] + (level.isEmpty ? [] : ["level:\(level)"])
    }
}

/// The contexts of a container: its processes', and its files'. Empty: none.
struct ContainerLabels: Equatable, Sendable {
    var process = ""
    var mount = ""

    init() {}

    /// What a container has whose user says `options`, each `disable` or one part of a context as `type:T`.
    ///
    /// The policy's contexts are `process` and `file`, which have the container's own level by then.
    init(_ options: [String], process: SecurityContext, file: SecurityContext) throws {
        var (process, file) = (process, file)
        for option in options {
            if option == "disable" {
                // Of no container's level, so that no other container has its files.
                if !file.level.isEmpty { file.level = "s0:c1022,c1023" }
                mount = file.description
                self.process = ""
                return
            }
            let parts = option.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Self.bad(option) }
            switch parts[0] {
            case "user": (process.user, file.user) = (parts[1], parts[1])
            case "role": process.role = parts[1]
            case "type": process.type = parts[1]
            case "level": (process.level, file.level) = (parts[1], parts[1])
            case "filetype": file.type = parts[1]
            default: throw Self.bad(option)
            }
        }
        (self.process, mount) = (process.description, file.description)
    }

    private static func bad(_ option: String) -> EngineError {
        EngineError(
            .invalid,
            "bad --security-opt label '\(option)': it is 'disable', or one of user, role, type, level and filetype "
                + "with a ':' and a value"
        )
    }
}
