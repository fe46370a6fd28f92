import ArgumentParser

/// What all prunes take.
struct PruneOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.") var force = false
    @Option(help: "Only what matches: until=24h, label=…, label!=…") var filter: [String] = []

    /// Asks; false where the person does not want it.
    func isMeant(_ what: String) -> Bool {
        if force { return true }
        put("WARNING! This will remove \(what)\nAre you sure you want to continue? [y/N] ")
        return readLine().map { ["y", "yes"].contains($0.lowercased()) } ?? false
    }
}

/// `varve container prune`.
struct ContainerPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove all containers that do not run.",
        discussion: "Example: varve container prune -f --filter until=24h"
    )

    @OptionGroup var options: PruneOptions

    func run() throws {
        guard options.isMeant("all stopped containers.") else { return }
        put("Total reclaimed space: \(humanSize(try pruneContainers(options.filter), digits: 4))\n")
    }
}

/// `varve image prune`.
struct ImagePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove images that have no name, or with -a all that no container has.",
        discussion: "Example: varve image prune -af --filter label=temporary"
    )

    @Flag(name: .shortAndLong, help: "Those that have a name, too.") var all = false
    @OptionGroup var options: PruneOptions

    func run() throws {
        guard
            options.isMeant(
                all ? "all images without at least one container associated to them." : "all dangling images."
            )
        else { return }
        put("Total reclaimed space: \(humanSize(try pruneImages(all: all, options.filter), digits: 4))\n")
    }
}

/// `varve system prune`.
struct SystemPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove stopped containers and unused images, and with --volumes volumes that nobody named.",
        discussion: "Example: varve system prune -af --filter until=240h"
    )

    @Flag(name: .shortAndLong, help: "Images that have a name, too.") var all = false
    @Flag(help: "Volumes that nobody named and no container has, too.") var volumes = false
    @OptionGroup var options: PruneOptions

    func run() throws {
        // Volumes have no time that counts; this must not be found out when containers are gone.
        if volumes, options.filter.contains(where: { $0.hasPrefix("until=") }) {
            throw Failure(message: "ERROR: The \"until\" filter is not supported with \"--volumes\"")
        }
        var kinds = ["all stopped containers", "all networks not used by at least one container"]
        if volumes { kinds.append("all anonymous volumes not used by at least one container") }
        kinds.append(all ? "all images without at least one container associated to them" : "all dangling images")
        guard options.isMeant(":" + kinds.map { "\n  - \($0)" }.joined() + "\n") else { return }
        var bytes = try pruneContainers(options.filter)
        try pruneNetworks(options.filter)
        if volumes { bytes += try pruneVolumes(options.filter) }
        bytes += try pruneImages(all: all, options.filter)
        put("Total reclaimed space: \(humanSize(bytes, digits: 4))\n")
    }
}

/// `varve network prune`.
struct NetworkPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove all networks that no container is connected to.",
        discussion: "Example: varve network prune -f --filter until=24h"
    )

    @OptionGroup var options: PruneOptions

    func run() throws {
        guard options.isMeant("all custom networks not used by at least one container.") else { return }
        try pruneNetworks(options.filter)
    }
}

/// `varve volume prune`.
struct VolumePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove all volumes that no container has and that nobody named.",
        discussion: "Example: varve volume prune --all --filter label!=keep"
    )

    @Flag(name: .shortAndLong, help: "Those that have a name, too.") var all = false
    @OptionGroup var options: PruneOptions

    func run() throws {
        let kind = all ? "all" : "anonymous"
        guard options.isMeant("\(kind) local volumes not used by at least one container.") else { return }
        let bytes = try pruneVolumes(options.filter + (all ? ["all=1"] : []))
        put("Total reclaimed space: \(humanSize(bytes, digits: 4))\n")
    }
}

/// Each of them says what it removed, and gives the bytes.
private func pruneContainers(_ filter: [String]) throws -> Int {
    let answer = try Daemon().ask("POST", "/containers/prune", query: filterQuery(filter))
    tell("Deleted Containers", answer["ContainersDeleted"].elements.compactMap(\.string))
    return answer["SpaceReclaimed"].int ?? 0
}

private func pruneImages(all: Bool, _ filter: [String]) throws -> Int {
    let query = try filterQuery(filter + ["dangling=\(all ? "false" : "true")"])
    let answer = try Daemon().ask("POST", "/images/prune", query: query)
    let lines = answer["ImagesDeleted"].elements.map { item in
        item["Untagged"].string.map { "untagged: \($0)" } ?? "deleted: \(item["Deleted"].string ?? "")"
    }
    tell("Deleted Images", lines)
    return answer["SpaceReclaimed"].int ?? 0
}

private func pruneNetworks(_ filter: [String]) throws {
    let answer = try Daemon().ask("POST", "/networks/prune", query: filterQuery(filter))
    tell("Deleted Networks", answer["NetworksDeleted"].elements.compactMap(\.string))
}

private func pruneVolumes(_ filter: [String]) throws -> Int {
    let answer = try Daemon().ask("POST", "/volumes/prune", query: filterQuery(filter))
    tell("Deleted Volumes", answer["VolumesDeleted"].elements.compactMap(\.string))
    return answer["SpaceReclaimed"].int ?? 0
}

private func tell(_ what: String, _ names: [String]) {
    if !names.isEmpty { put("\(what):\n" + names.joined(separator: "\n") + "\n\n") }
}
