/// The names of what the daemon has; none where it does not answer.
enum DaemonNames {
    enum Kind {
        case containers, running, stopped, paused, images, volumes, networks, objects
    }

    static func all(_ kind: Kind) -> [String] {
        guard let daemon = try? Daemon() else { return [] }
        return ((try? ask(kind, daemon)) ?? []).sorted(by: comesBefore)
    }

    private static func ask(_ kind: Kind, _ daemon: Daemon) throws -> [String] {
        switch kind {
        case .containers: return try containers(daemon, [])
        case .running: return try containers(daemon, ["running"])
        case .paused: return try containers(daemon, ["paused"])
        case .stopped: return try containers(daemon, ["created", "exited"])
        case .images:
            return try daemon.ask("GET", "/images/json").elements.flatMap { image in
                image["RepoTags"].elements.compactMap(\.string).filter { $0 != "<none>:<none>" }
            }
        case .volumes: return try daemon.ask("GET", "/volumes")["Volumes"].elements.compactMap { $0["Name"].string }
        case .networks: return try daemon.ask("GET", "/networks").elements.compactMap { $0["Name"].string }
        case .objects:
            return [Kind.containers, .images, .networks, .volumes].flatMap { (try? ask($0, daemon)) ?? [] }
        }
    }

    private static func containers(_ daemon: Daemon, _ states: [String]) throws -> [String] {
        let query = try [("all", "1")] + filterQuery(states.map { "status=\($0)" })
        return try daemon.ask("GET", "/containers/json", query: query).elements.flatMap { container in
            container["Names"].elements.compactMap(\.string).map { String($0.drop { $0 == "/" }) }
        }
    }
}
