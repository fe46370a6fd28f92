import DockerAPI

/// In which order containers start with the daemon: each after those that it can't start without.
enum StartOrder {
    /// The names of others whose addresses or namespaces a container begins with.
    static func needs(_ host: HostConfig) -> [String] {
        let linked = (host.links ?? []).compactMap { $0.split(separator: ":").first.map(String.init) }
        let joined = [host.networkMode, host.pidMode, host.ipcMode].filter { $0.hasPrefix("container:") }
        return linked + joined.map { String($0.dropFirst("container:".count)) }
    }

    /// `items`, each after those of them that it needs; who is in a circle stays where it was.
    static func sorted<ID: Hashable>(_ items: [ID], needs: [ID: [ID]]) -> [ID] {
        let known = Set(items)
        var seen: Set<ID> = []
        var placed: Set<ID> = []
        var order: [ID] = []
        // Not by recursion: a chain may be as long as there are containers.
        for item in items {
            var path = [item]
            while let next = path.last {
                let isNew = seen.insert(next).inserted
                if isNew, case let missing = (needs[next] ?? []).filter({ known.contains($0) && !seen.contains($0) }),
                    !missing.isEmpty
                {
                    path += missing.reversed()
                } else {
                    path.removeLast()
                    if placed.insert(next).inserted { order.append(next) }
                }
            }
        }
        return order
    }
}
