package import DockerAPI
import OCI
import Storage

/// `ps`, with Docker's filters.
extension Engine {
    /// Newest first: running ones, or all; `limit` counts the newest of all, 0 or nil means no limit.
    package func list(
        all: Bool,
        limit: Int?,
        size: Bool,
        filters: [String: [String]]
    ) async throws -> [ContainerSummary] {
        let filter = try await containerFilter(filters)
        var entries: [ListEntry] = []
        for container in containers.all {
            let state = await container.shownState
            if await container.phase == .gone { continue }
            var record = await container.record
            record.networkSettings.networks = shownNetworks(record)
            var entry = ListEntry(record: record, host: await container.host, state: state)
            if state.running { entry.ports = Self.ports(service.attachments(of: record.id), record) }
            entries.append(entry)
        }
        entries.sort { ($0.created, $0.record.id) > ($1.created, $1.record.id) }
        let limited = limit ?? 0
        entries = entries.filter { entry in
            (all || limited > 0 || filter.asksForState || entry.state.running) && filter.matches(entry)
        }
        if limited > 0 { entries = Array(entries.prefix(limited)) }
        let shown = entries
        var summaries = try await onStore { store in shown.map { Self.summary($0, store) } }
        guard size else { return summaries }
        for index in summaries.indices {
            (summaries[index].sizeRw, summaries[index].sizeRootFs) = try await sizes(of: entries[index].record)
        }
        return summaries
    }

    /// Published ones, and those that the container says it has.
    private static func ports(_ attachments: Attachments?, _ record: ContainerRecord) -> [Port] {
        let shown = (attachments ?? Attachments()).shownPorts(record.config.exposedPorts)
        return shown.sorted { $0.key < $1.key }.flatMap { key, bindings in
            let parts = key.split(separator: "/")
            var port = Port()
            port.privatePort = Int(parts.first ?? "") ?? 0
            port.type = parts.count > 1 ? String(parts[1]) : "tcp"
            guard let bindings else { return [port] }
            return bindings.map { binding in
                var published = port
                (published.ip, published.publicPort) = (binding.hostIP, Int(binding.hostPort))
                return published
            }
        }
    }

    private static func summary(_ entry: ListEntry, _ store: Store) -> ContainerSummary {
        let record = entry.record
        var summary = ContainerSummary()
        summary.id = record.id
        summary.names = [record.name]
        summary.imageID = record.image
        // The name that was asked for, as long as it means that image.
        let isCurrent = (try? store.image(named: record.config.image).id.description) == record.image
        summary.image = isCurrent ? record.config.image : record.image
        summary.command = ([record.path] + record.args.map { $0.contains(" ") ? "'\($0)'" : $0 }).joined(separator: " ")
        summary.created = entry.created.seconds
        summary.labels = record.config.labels ?? [:]
        summary.state = entry.state.status
        summary.status = entry.state.text(now: .now)
        var host = HostConfigSummary()
        host.networkMode = entry.host.networkMode
        summary.hostConfig = host
        var networks = NetworksSummary()
        networks.networks = record.networkSettings.networks
        summary.networkSettings = networks
        summary.mounts = record.shownMounts
        summary.ports = entry.ports
        return summary
    }
}

/// One container as a list sees it.
struct ListEntry: Sendable {
    var record: ContainerRecord
    var host: HostConfig
    var state: ContainerState
    var ports: [Port] = []
    /// Compared as a time: as texts, `….3Z` comes after `….31Z`.
    let created: Timestamp

    init(record: ContainerRecord, host: HostConfig, state: ContainerState) {
        self.record = record
        self.host = host
        self.state = state
        created = Timestamp(record.created) ?? .zero
    }
}

extension ContainerState {
    /// Docker's words: `Up 5 minutes`, `Exited (1) 2 hours ago`, `Created`.
    func text(now: Timestamp) -> String {
        func since(_ time: String) -> String {
            HumanDuration.text(seconds: now.seconds - (Timestamp(time) ?? now).seconds)
        }
        if restarting { return "Restarting (\(exitCode)) \(since(finishedAt)) ago" }
        if running {
            let shown = health.map { $0.status == "starting" ? " (health: starting)" : " (\($0.status))" } ?? ""
            return "Up \(since(startedAt))\(paused ? " (Paused)" : shown)"
        }
        if removalInProgress { return "Removal In Progress" }
        if dead { return "Dead" }
        if startedAt.isEmpty || startedAt == Timestamp.zero.description { return "Created" }
        if finishedAt == Timestamp.zero.description { return "" }
        return "Exited (\(exitCode)) \(since(finishedAt)) ago"
    }
}

/// Durations as Docker says them.
enum HumanDuration {
    static func text(seconds: Int64) -> String {
        let minutes = seconds / 60
        // Rounded, as go-units has it.
        let hours = (seconds + 1800) / 3600
        if seconds < 1 { return "Less than a second" }
        if seconds == 1 { return "1 second" }
        if seconds < 60 { return "\(seconds) seconds" }
        if minutes == 1 { return "About a minute" }
        if minutes < 60 { return "\(minutes) minutes" }
        if hours == 1 { return "About an hour" }
        if hours < 48 { return "\(hours) hours" }
        if hours < 24 * 7 * 2 { return "\(hours / 24) days" }
        if hours < 24 * 30 * 2 { return "\(hours / 24 / 7) weeks" }
        if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
        return "\(hours / 24 / 365) years"
    }
}
