import ArgumentParser

/// `varve version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the versions of command and daemon.",
        discussion: "Example: varve version --format '{{.Server.Version}}'"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?

    func run() throws {
        #if arch(arm64)
            let arch = "arm64"
        #else
            let arch = "amd64"
        #endif
        let client = JSON.object([
            (key: "Version", value: .string("0.1.0")), (key: "ApiVersion", value: .string("1.50")),
            (key: "DefaultAPIVersion", value: .string("1.50")), (key: "Os", value: .string("linux")),
            (key: "Arch", value: .string(arch)), (key: "Context", value: .string("default")),
        ])
        if format == nil {
            let lines = [("Version", "0.1.0"), ("API version", "1.50"), ("OS/Arch", "linux/\(arch)")]
            put("Client: Varve\n" + lines.map { Self.line(" ", $0.0, $0.1) }.joined() + "\n")
        }
        let server = try Daemon().ask("GET", "/version")
        let both = JSON.object([(key: "Client", value: client), (key: "Server", value: server)])
        switch format {
        case "json": put(both.text() + "\n")
        case let format?: put(try Template(format).render(both) + "\n")
        case nil: showServer(server)
        }
    }

    private func showServer(_ server: JSON) {
        let platform = server["Platform"]["Name"].string ?? ""
        var text = "Server:\(platform.isEmpty ? "" : " " + platform)\n"
        for component in server["Components"].elements {
            let details = component["Details"]
            func detail(_ name: String) -> String { details[name].string ?? "" }
            text += " \(component["Name"].string ?? ""):\n"
            text += Self.line("  ", "Version", component["Version"].string ?? "")
            if component["Name"].string == "Engine" {
                let api = "\(detail("ApiVersion")) (minimum version \(detail("MinAPIVersion")))"
                for (name, value) in [
                    ("API version", api), ("Go version", detail("GoVersion")), ("Git commit", detail("GitCommit")),
                    ("Built", detail("BuildTime")), ("OS/Arch", "\(detail("Os"))/\(detail("Arch"))"),
                    ("Experimental", detail("Experimental")),
                ] { text += Self.line("  ", name, value) }
            } else {
                for field in details.fields.sorted(by: { $0.key < $1.key }) {
                    text += Self.line("  ", field.key, shown(field.value))
                }
            }
        }
        put(text)
    }

    private static func line(_ indent: String, _ name: String, _ value: String) -> String {
        let label = "\(indent)\(name):"
        return label + String(repeating: " ", count: max(1, 20 - label.count)) + value + "\n"
    }
}
