import Engine

/// A runtime as the configuration file names it.
struct RuntimeEntry: Decodable {
    var path: String?
    var runtimeArgs: [String]?
    /// Of containerd's shims.
    var runtimeType: String?
    var options: ConfigValue?
}

extension Runtimes {
    /// From flags and file, held to dockerd's rules.
    init(_ flags: DaemonFlags, _ file: ConfigFile) throws {
        self.init()
        for (name, entry) in file.runtimes ?? [:] { try add(name, entry) }
        for text in flags.addRuntime {
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw StartFailure("invalid runtime argument: \(text); write it as name=path")
            }
            var entry = RuntimeEntry()
            entry.path = String(text[text.index(after: sign)...])
            try add(String(text[..<sign]), entry)
        }
        standard = flags.defaultRuntime ?? file.defaultRuntime ?? standard
        if standard.isEmpty || standard == Self.former { standard = Self.own }
        do { try check(standard) } catch {
            throw StartFailure("specified default runtime '\(standard)' does not exist: name it in `runtimes`")
        }
    }

    private mutating func add(_ name: String, _ entry: RuntimeEntry) throws {
        guard entry.runtimeType ?? "" == "", entry.options == nil || entry.options == .null else {
            throw StartFailure(
                "runtimes: \(name) has a runtimeType or options, which are containerd's; only programs with runc's "
                    + "command line can be used: give it a path, and runtimeArgs"
            )
        }
        guard let path = entry.path, !path.isEmpty else {
            throw StartFailure("runtimes: \(name) has no path; give it that of a program with runc's command line")
        }
        guard path.hasPrefix("/") || !path.contains("/") else {
            throw StartFailure("runtimes: \(name): '\(path)' is neither a name nor an absolute path")
        }
        do { try add(name, program: path, arguments: entry.runtimeArgs ?? []) } catch {
            throw StartFailure("runtimes: \(error)")
        }
    }
}
