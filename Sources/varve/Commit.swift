import ArgumentParser

/// `varve commit`.
struct Commit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Make an image of what a container changed.",
        discussion: "Example: varve commit -m 'with curl' -c 'CMD [\"curl\"]' box mine:v2"
    )

    @Option(name: .shortAndLong, help: "Who made it.") var author = ""
    @Option(name: .shortAndLong, help: "A Dockerfile line to apply: CMD, ENV, ENTRYPOINT, …") var change: [String] = []
    @Option(name: .shortAndLong, help: "What the history says.") var message = ""
    @Flag(name: .shortAndLong, inversion: .prefixedNo, help: "Hold the container meanwhile.") var pause = true
    @Argument(help: "The container.") var container: String
    @Argument(help: "The image's name.") var name: String?

    func run() throws {
        let (repository, tag) = splitTag(name ?? "")
        var query = [("container", container), ("repo", repository), ("tag", tag ?? "")]
        query += [("author", author), ("comment", message)] + change.map { ("changes", $0) }
        if !pause { query.append(("pause", "0")) }
        let answer = try Daemon().ask("POST", "/commit", query: query)
        put("\(answer["Id"].string ?? "")\n")
    }
}
