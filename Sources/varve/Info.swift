import ArgumentParser

/// `varve info`.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show what the daemon is and has.",
        discussion: "Example: varve info --format '{{.Driver}}'"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?

    func run() throws {
        let info = try Daemon().ask("GET", "/info")
        let client = JSON.object([
            (key: "Debug", value: .bool(false)), (key: "Version", value: .string("0.1.0")),
            (key: "Context", value: .string("default")),
        ])
        let all = JSON.object(info.fields + [(key: "ClientInfo", value: client)])
        switch format {
        case "json": put(all.text() + "\n")
        case let format?: put(try Template(format).render(all) + "\n")
        case nil:
            put("Client: Varve\n Version:    0.1.0\n Context:    default\n Debug Mode: false\n\n")
            put(
                "Server:\n" + (counts(info) + plugins(info) + host(info) + settings(info)).joined(separator: "\n")
                    + "\n\n"
            )
            for warning in info["Warnings"].elements { warn(shown(warning)) }
        }
    }

    /// Lines for those of the fields that say something.
    private func lines(_ info: JSON, _ names: [(label: String, field: String)]) -> [String] {
        names.compactMap { label, field in
            let text = info[field].isNull ? "" : shown(info[field])
            return text.isEmpty ? nil : " \(label): \(text)"
        }
    }

    private func words(_ list: JSON) -> String { list.elements.map(shown).joined(separator: " ") }

    private func counts(_ info: JSON) -> [String] {
        var lines = [" Containers: \(shown(info["Containers"]))"]
        lines += ["Running", "Paused", "Stopped"].map { "  \($0): \(shown(info["Containers\($0)"]))" }
        lines.append(" Images: \(shown(info["Images"]))")
        lines += self.lines(info, [("Server Version", "ServerVersion"), ("Storage Driver", "Driver")])
        lines += info["DriverStatus"].elements.map { "  " + $0.elements.map(shown).joined(separator: ": ") }
        return lines
            + self.lines(
                info,
                [
                    ("Logging Driver", "LoggingDriver"), ("Cgroup Driver", "CgroupDriver"),
                    ("Cgroup Version", "CgroupVersion"),
                ]
            )
    }

    private func plugins(_ info: JSON) -> [String] {
        let plugins = info["Plugins"]
        var lines = [" Plugins:", "  Volume: \(words(plugins["Volume"]))", "  Network: \(words(plugins["Network"]))"]
        if !plugins["Authorization"].elements.isEmpty {
            lines.append("  Authorization: \(words(plugins["Authorization"]))")
        }
        lines.append("  Log: \(words(plugins["Log"]))")
        let folders = info["CDISpecDirs"].elements
        if !folders.isEmpty { lines += [" CDI spec directories:"] + folders.map { "  \(shown($0))" } }
        lines.append(" Swarm: \(info["Swarm"]["LocalNodeState"].string ?? "inactive")")
        let runtimes = info["Runtimes"].fields.map(\.key).sorted()
        if !runtimes.isEmpty {
            lines += [
                " Runtimes: \(runtimes.joined(separator: " "))", " Default Runtime: \(shown(info["DefaultRuntime"]))",
            ]
        }
        lines.append(" Init Binary: \(info["InitBinary"].string ?? "")")
        for (label, field) in [("containerd", "ContainerdCommit"), ("runc", "RuncCommit"), ("init", "InitCommit")] {
            lines.append(" \(label) version: \(info[field]["ID"].string ?? "")")
        }
        return lines + security(info["SecurityOptions"].elements)
    }

    /// `name=seccomp,profile=builtin` over two lines.
    private func security(_ options: [JSON]) -> [String] {
        guard !options.isEmpty else { return [] }
        return [" Security Options:"]
            + options.flatMap { option -> [String] in
                let pairs = (option.string ?? "").split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
                let profile = pairs.first { $0.first == "profile" }?.last
                let name = pairs.first { $0.first == "name" }?.last ?? ""
                return ["  \(name)"] + (profile.map { ["   Profile: \($0)"] } ?? [])
            }
    }

    private func host(_ info: JSON) -> [String] {
        lines(
            info,
            [
                ("Kernel Version", "KernelVersion"), ("Operating System", "OperatingSystem"), ("OSType", "OSType"),
                ("Architecture", "Architecture"), ("CPUs", "NCPU"),
            ]
        ) + [" Total Memory: \(binarySize(info["MemTotal"].double ?? 0))"]
            + lines(info, [("Name", "Name"), ("ID", "ID")])
            + [" Docker Root Dir: \(shown(info["DockerRootDir"]))", " Debug Mode: \(info["Debug"].bool ?? false)"]
    }

    private func settings(_ info: JSON) -> [String] {
        var lines = self.lines(
            info,
            [("HTTP Proxy", "HttpProxy"), ("HTTPS Proxy", "HttpsProxy"), ("No Proxy", "NoProxy")]
        )
        if !info["Labels"].elements.isEmpty { lines += [" Labels:"] + info["Labels"].elements.map { "  \(shown($0))" } }
        lines.append(" Experimental: \(info["ExperimentalBuild"].bool ?? false)")
        let registries = info["RegistryConfig"]
        let insecure = registries["IndexConfigs"].fields.filter { $0.value["Secure"].bool == false }.map(\.key)
        let networks = registries["InsecureRegistryCIDRs"].elements.map(shown)
        if !networks.isEmpty || !registries["IndexConfigs"].fields.isEmpty {
            lines += [" Insecure Registries:"] + (insecure + networks).map { "  \($0)" }
        }
        let mirrors = registries["Mirrors"].elements
        if !mirrors.isEmpty { lines += [" Registry Mirrors:"] + mirrors.map { "  \(shown($0))" } }
        lines.append(" Live Restore Enabled: \(info["LiveRestoreEnabled"].bool ?? false)")
        let pools = info["DefaultAddressPools"].elements
        if !pools.isEmpty { lines.append(" Default Address Pools:") }
        lines += pools.map { "   Base: \(shown($0["Base"])), Size: \(shown($0["Size"]))" }
        if let firewall = info["FirewallBackend"]["Driver"].string { lines.append(" Firewall Backend: \(firewall)") }
        return lines
    }
}
