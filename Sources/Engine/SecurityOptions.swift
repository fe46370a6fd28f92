import DockerAPI

/// What `--security-opt` says.
struct SecurityOptions: Equatable {
    /// Nil: nothing.
    var noNewPrivileges: Bool?
    var seccomp: SeccompChoice?
    /// A profile's name, or `unconfined`.
    var appArmor: String?
    /// Of SELinux: `disable`, or parts of a context, each as `type:T`.
    var labels: [String] = []
    /// Names of options for what this host or Varve has not, which are told.
    var ignored: [String] = []

    init() {}

    /// Throws where dockerd would: at an option that it does not know.
    init(_ options: [String]?) throws { for option in options ?? [] { try take(option) } }

    /// Of a container that was made, whose options were looked at then, maybe by another engine: what is known of them counts.
    init(checked options: [String]?) { for option in options ?? [] { try? take(option) } }

    private mutating func take(_ option: String) throws {
        let separator: Character = option.contains("=") ? "=" : ":"
        let parts = option.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
        switch option {
        case "no-new-privileges": return noNewPrivileges = true
        case "disable": return labels.append("disable")
        case "writable-cgroups": return ignored.append(option)
        default: break
        }
        guard parts.count == 2 else { throw EngineError(.invalid, "invalid --security-opt 1: \"\(option)\"") }
        let value = String(parts[1])
        switch parts[0] {
        case "no-new-privileges":
            let flags = ["true": true, "1": true, "t": true, "false": false, "0": false, "f": false]
            guard let flag = flags[value.lowercased()] else {
                throw EngineError(.invalid, "invalid --security-opt 2: \"\(option)\"")
            }
            noNewPrivileges = flag
        case "seccomp": seccomp = value.isEmpty ? nil : SeccompChoice(value)
        case "apparmor": appArmor = value.isEmpty ? nil : value
        case "label": labels.append(value)
        case "systempaths", "writable-cgroups": ignored.append(String(parts[0]))
        default: throw EngineError(.invalid, "invalid --security-opt 2: \"\(option)\"")
        }
    }
}

/// Which seccomp profile.
package enum SeccompChoice: Sendable, Equatable, CustomStringConvertible {
    case builtin, unconfined
    /// A profile's JSON.
    case profile(String)

    /// `builtin`, `unconfined` or JSON.
    package init(_ text: String) {
        switch text {
        case "builtin", "": self = .builtin
        case "unconfined": self = .unconfined
        default: self = .profile(text)
        }
    }

    package var description: String {
        switch self {
        case .builtin: "builtin"
        case .unconfined: "unconfined"
        case .profile(let text): text
        }
    }

    /// Throws where there is no such profile, or none that makes sense.
    package func check() throws {
        var host = HostConfig()
        for capabilities in [[], ["ALL"]] {
            host.capAdd = capabilities
            _ = try SeccompFilters().program(for: host, own: self, standard: self)
        }
    }
}
