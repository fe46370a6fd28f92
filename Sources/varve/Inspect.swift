import ArgumentParser

/// `varve inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show all that is known of containers, images, networks and volumes.",
        discussion:
            "Example: varve inspect --format '{{.State.ExitCode}}' box\nExample: varve inspect --type volume data"
    )

    @Option(name: .shortAndLong, help: "json or a template.") var format: String?
    @Option(help: "container, image, network or volume; all are tried in that order if absent.") var type: String?
    @Flag(name: .shortAndLong, help: "Show how much a container has written.") var size = false
    @Argument(help: "Names or IDs.") var names: [String]

    func run() throws {
        guard ["container", "image", "network", "volume", nil].contains(type) else {
            throw Failure(message: "unknown type: \"\(type ?? "")\": it is container, image, network or volume")
        }
        let daemon = try Daemon()
        try inspectObjects(names, format: format) { try look(for: $0, daemon) }
    }

    private func look(for name: String, _ daemon: Daemon) throws -> JSON {
        let places = [
            ("container", containerPath(name, "/json")), ("image", imagePath(name, "/json")),
            ("network", networkPath(name)), ("volume", volumePath(name)),
        ]
        for (kind, path) in places where type == nil || type == kind {
            do {
                return try daemon.ask("GET", path, query: size && kind == "container" ? [("size", "1")] : [])
            } catch let failure as Failure where type == nil && Self.isElsewhere(failure) {}
        }
        throw Failure(message: "Error: No such object: \(name)")
    }

    /// The object may be of another kind: a name that images can't have may be a volume's.
    private static func isElsewhere(_ failure: Failure) -> Bool {
        failure.http == 404 || failure.message.contains("invalid reference format")
    }
}
