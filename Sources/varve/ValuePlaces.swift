/// What the values of flags and arguments may be.
enum ValuePlaces {
    private static let lists: [String: [String]] = [
        "--attach": ["stdin", "stdout", "stderr"],
        "--cgroupns": ["host", "private"],
        "--format": ["json", "table"],
        "--ipc": ["host", "none", "private", "shareable"],
        "--log-driver": ["json-file", "local", "none"],
        "--pid": ["host"],
        "--pull": ["always", "missing", "never"],
        "--restart": ["no", "always", "unless-stopped", "on-failure"],
        "--signal": ["HUP", "INT", "KILL", "QUIT", "STOP", "TERM", "USR1", "USR2", "CONT"],
        "--stop-signal": ["HUP", "INT", "KILL", "QUIT", "STOP", "TERM", "USR1", "USR2"],
        "--type": ["container", "image", "network", "volume"],
        "--userns": ["host"],
        "--uts": ["host"],
        "--cap-add": capabilities,
        "--cap-drop": capabilities,
    ]
    private static let capabilities = [
        "ALL", "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "MKNOD", "NET_ADMIN",
        "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE", "SYS_PTRACE", "SYS_RESOURCE", "SYS_TIME",
    ]
    private static let files = [
        "--cidfile", "--device", "--env-file", "--input", "--label-file", "--output", "--volume",
    ]

    static func option(_ name: String, verb: [String], _ typed: String) -> Completer.Place {
        if let list = lists[name] { return .words(list.map { ($0, "") }) }
        if name == "--volume", !typed.hasPrefix("/"), !typed.hasPrefix(".") {
            return .open(DaemonNames.all(.volumes).map { $0 + ":" })
        }
        if files.contains(name) { return .files }
        switch name {
        case "--network", "--net": return .names(of: .networks)
        case "--volumes-from": return .names(of: .containers)
        case "--filter": return .open(filters(verb).map { $0 + "=" })
        default: return .words([])
        }
    }

    private static func filters(_ verb: [String]) -> [String] {
        switch verb {
        case ["ps"], ["container", "ls"], ["container", "ps"], ["container", "list"]:
            ["ancestor", "before", "exited", "health", "id", "label", "name", "network", "since", "status", "volume"]
        case ["images"], ["image", "ls"], ["image", "list"]: ["before", "dangling", "label", "reference", "since"]
        case ["volume", "ls"], ["volume", "list"]: ["dangling", "driver", "label", "name"]
        case ["network", "ls"], ["network", "list"]: ["dangling", "driver", "id", "label", "name", "scope", "type"]
        case ["events"], ["system", "events"]:
            ["container", "daemon", "event", "image", "label", "network", "type", "volume"]
        default: ["label", "until"]
        }
    }

    /// The next of a verb's arguments, by what the verb is and what its definition calls the argument.
    static func positional(
        _ table: ArgumentTable,
        _ verb: [String],
        _ given: [String],
        _ words: [String]
    ) -> Completer.Place {
        let places = table.positionals
        guard let place = given.count < places.count ? places[given.count] : places.last,
            given.count < places.count || place.isRepeating
        else { return .words([]) }
        let name = verb.last ?? ""
        switch place.valueName {
        case "container", "containers": return .names(of: containers(name))
        case "image", "images", "source", "target": return .names(of: .images)
        case "network": return .names(of: .networks)
        case "names" where verb.first == "volume": return .names(of: .volumes)
        case "names" where verb.first == "network": return .names(of: .networks)
        case "names": return .names(of: kind(words))
        case "file", "from", "to": return .files
        case "shell": return .words(["bash", "zsh", "fish"].map { ($0, "") })
        case "words": return passedOn(name, given)
        default: return .words([])
        }
    }

    private static func containers(_ verb: String) -> DaemonNames.Kind {
        switch verb {
        case "attach", "kill", "pause", "port", "stats", "stop", "top": .running
        case "start": .stopped
        case "unpause": .paused
        default: .containers
        }
    }

    /// The kind that `--type` names.
    private static func kind(_ words: [String]) -> DaemonNames.Kind {
        let kinds: [String: DaemonNames.Kind] = [
            "container": .containers, "image": .images, "network": .networks, "volume": .volumes,
        ]
        for (place, word) in words.enumerated() {
            if word.hasPrefix("--type="), let kind = kinds[String(word.dropFirst(7))] { return kind }
            if word == "--type", place + 1 < words.count, let kind = kinds[words[place + 1]] { return kind }
        }
        return .objects
    }

    private static func passedOn(_ verb: String, _ given: [String]) -> Completer.Place {
        switch verb {
        case "run", "create": given.isEmpty ? .names(of: .images) : .files
        case "exec": given.isEmpty ? .names(of: .running) : .files
        case "driver": given.isEmpty ? .words(["ls", "probe", "check", "grow"].map { ($0, "") }) : .words([])
        case "cp": .files
        default: .words([])
        }
    }
}
