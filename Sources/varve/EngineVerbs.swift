import ArgumentParser

/// `varve version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the versions of command and daemon.",
        discussion: "Example: varve version --format '{{.Server.Version}}'"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?

    func run() throws {
        let client: [(key: String, value: JSON)] = [
            (key: "Version", value: .string("0.1.0")), (key: "Os", value: .string("linux")),
        ]
        if format == nil { put("Client: Varve\n Version:           0.1.0\n OS/Arch:           linux\n\n") }
        let server = try Daemon().ask("GET", "/version")
        let both = JSON.object([(key: "Client", value: .object(client)), (key: "Server", value: server)])
        switch format {
        case "json": return put(both.text() + "\n")
        case let format?: return put(try Template(format).render(both) + "\n")
        case nil: break
        }
        func field(_ name: String) -> String { server[name].string ?? "" }
        let platform = server["Platform"]["Name"].string ?? ""
        put("Server:\(platform.isEmpty ? "" : " " + platform)\n Engine:\n")
        put("  Version:          \(field("Version"))\n")
        put("  API version:      \(field("ApiVersion")) (minimum version \(field("MinAPIVersion")))\n")
        put("  OS/Arch:          \(field("Os"))/\(field("Arch"))\n  Kernel:           \(field("KernelVersion"))\n")
    }
}

/// `varve info`.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the daemon is and has.",
        discussion: "Example: varve info --format '{{.Driver}}'"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?

    func run() throws {
        let info = try Daemon().ask("GET", "/info")
        switch format {
        case "json": return put(info.text() + "\n")
        case let format?: return put(try Template(format).render(info) + "\n")
        case nil: break
        }
        func line(_ name: String, _ key: String) { put(" \(name): \(shown(info[key]))\n") }
        line("Containers", "Containers")
        for state in ["Running", "Paused", "Stopped"] { put("  \(state): \(shown(info["Containers\(state)"]))\n") }
        line("Images", "Images")
        line("Server Version", "ServerVersion")
        line("Storage Driver", "Driver")
        for pair in info["DriverStatus"].elements {
            put("  " + pair.elements.map(shown).joined(separator: ": ") + "\n")
        }
        for (name, key) in [
            ("Logging Driver", "LoggingDriver"), ("Cgroup Driver", "CgroupDriver"), ("Cgroup Version", "CgroupVersion"),
            ("Default Runtime", "DefaultRuntime"), ("Kernel Version", "KernelVersion"),
            ("Operating System", "OperatingSystem"),
            ("Architecture", "Architecture"), ("CPUs", "NCPU"),
        ] { line(name, key) }
        put(" Total Memory: \(significant(Double(info["MemTotal"].int ?? 0) / 1_073_741_824, 4))GiB\n")
        line("Name", "Name")
        line("ID", "ID")
        line("Data Root", "DockerRootDir")
        for warning in info["Warnings"].elements { warn(shown(warning)) }
    }
}

/// `varve inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show all that is known of containers and images.",
        discussion: "Example: varve inspect --format '{{.State.ExitCode}}' box"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?
    @Option(help: "container or image; both are tried if absent.") var type: String?
    @Flag(name: .shortAndLong, help: "Show how much a container has written.") var size = false
    @Argument(help: "Names or IDs.") var names: [String]

    func run() throws {
        let daemon = try Daemon()
        var found: [JSON] = []
        var failures: [String] = []
        for name in names {
            do {
                let object = try look(for: name, daemon)
                if let format, format != "json" {
                    put(try Template(format).render(object) + "\n")
                } else {
                    found.append(object)
                }
            } catch let failure as Failure {
                failures.append(failure.message)
            }
        }
        switch format {
        case nil: put(JSON.array(found).text(indent: "    ") + "\n")
        case "json": put(JSON.array(found).text() + "\n")
        default: break
        }
        if !failures.isEmpty { throw Failure(message: failures.joined(separator: "\n")) }
    }

    private func look(for name: String, _ daemon: Daemon) throws -> JSON {
        do {
            if type != "image" {
                return try daemon.ask("GET", containerPath(name, "/json"), query: size ? [("size", "1")] : [])
            }
        } catch let failure as Failure where failure.http == 404 && type == nil {}
        do {
            if type != "container" { return try daemon.ask("GET", imagePath(name, "/json")) }
        } catch let failure as Failure where failure.http == 404 && type == nil {}
        throw Failure(message: "Error: No such object: \(name)")
    }
}
