import DockerAPI
import OCI
import Storage

/// The filters of `docker ps`, parsed, with names of containers and images already looked up.
struct ContainerFilter {
    private static let known: Set<String> = [
        "id", "name", "label", "label!", "status", "exited", "ancestor", "before", "since", "volume", "network",
        "health",
        "is-task", "publish", "expose",
    ]
    private static let states: Set<String> = [
        "created", "running", "paused", "restarting", "removing", "exited", "dead",
    ]
    private let filters: [String: [String]]
    private let exitCodes: [Int]
    /// Images that `ancestor` means, and what is built on them.
    var ancestors: Set<String>?
    /// When those of `before` and `since` were created.
    var before: Timestamp?
    var since: Timestamp?

    init(_ filters: [String: [String]]) throws {
        if let key = filters.keys.first(where: { !Self.known.contains($0) }) {
            throw EngineError(.invalid, "invalid filter '\(key)'")
        }
        for state in filters["status"] ?? [] where !Self.states.contains(state) {
            throw EngineError(.invalid, "invalid filter 'status=\(state)'")
        }
        exitCodes = try (filters["exited"] ?? []).map { text in
            guard let code = Int(text) else { throw EngineError(.invalid, "invalid filter 'exited=\(text)'") }
            return code
        }
        self.filters = filters
    }

    /// Whether it says itself which states are wanted: then containers that do not run are not left out.
    var asksForState: Bool { filters["status"] != nil || filters["exited"] != nil }

    func matches(_ entry: ListEntry) -> Bool {
        let record = entry.record
        if let ancestors, !ancestors.contains(record.image) { return false }
        if let before, entry.created >= before { return false }
        if let since, entry.created <= since { return false }
        if !exitCodes.isEmpty {
            guard !entry.state.running, entry.state.status != "created", exitCodes.contains(entry.state.exitCode) else {
                return false
            }
        }
        let labels = record.config.labels ?? [:]
        return (filters["label"] ?? []).allSatisfy { Label.matches($0, labels) }
            && !(filters["label!"] ?? []).contains { Label.matches($0, labels) }
            && any("id") { record.id.hasPrefix($0) }
            && any("name") { Self.name(record.name, matches: $0) }
            && any("status") { entry.state.status == $0 }
            && any("volume") { wanted in
                (record.mountPoints ?? [:]).values.contains { point in
                    let name = point.name.isEmpty ? point.source : point.name
                    return name == wanted || point.destination == wanted
                }
            }
            && any("network") { wanted in
                record.networkSettings.networks.contains { $0 == wanted || $1.networkID == wanted }
            }
            && any("health") { $0 == (entry.state.health?.status ?? "none") }
            && any("is-task") { ["false", "0"].contains($0) }
            && any("publish") { _ in false }
            && any("expose") { wanted in
                !record.config.exposedPorts.isDisjoint(with: Self.ports(wanted))
            }
    }

    /// True where nothing was asked for under `key`, or one of it holds.
    private func any(_ key: String, _ holds: (String) -> Bool) -> Bool { filters[key]?.contains(where: holds) ?? true }

    /// Those of `80`, `80/udp` or `80-90/tcp`.
    private static func ports(_ text: String) -> Set<String> {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        let ends = (parts.first ?? "").split(separator: "-").map { UInt16($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
            return [text]
        }
        let kind = parts.count > 1 ? parts[1] : "tcp"
        return Set((first...last).map { "\($0)/\(kind)" })
    }

    /// A regular expression, as Docker takes it; what is none is looked for as it is.
    private static func name(_ name: String, matches pattern: String) -> Bool {
        let plain = String(name.dropFirst())
        guard let expression = try? Regex(pattern) else { return plain.contains(pattern) }
        return name.firstMatch(of: expression) != nil || plain.firstMatch(of: expression) != nil
    }
}

extension Engine {
    func containerFilter(_ filters: [String: [String]]) async throws -> ContainerFilter {
        var filter = try ContainerFilter(filters)
        if let name = filters["before"]?.first { filter.before = try await creation(of: name) }
        if let name = filters["since"]?.first { filter.since = try await creation(of: name) }
        guard let ancestors = filters["ancestor"] else { return filter }
        filter.ancestors = try await onStore { store in
            let roots = Set(ancestors.compactMap { try? store.image(named: $0).id })
            let images = store.images()
            let parents = Dictionary(uniqueKeysWithValues: images.map { ($0.id, $0.parent) })
            return Set(images.map(\.id).filter { Self.descends($0, from: roots, parents) }.map(\.description))
        }
        return filter
    }

    private func creation(of name: String) async throws -> Timestamp {
        Timestamp(await (try containers.find(name)).record.created) ?? .zero
    }

    private static func descends(_ id: ImageID, from roots: Set<ImageID>, _ parents: [ImageID: ImageID?]) -> Bool {
        var next: ImageID? = id
        while let image = next {
            if roots.contains(image) { return true }
            next = parents[image] ?? nil
        }
        return false
    }
}
