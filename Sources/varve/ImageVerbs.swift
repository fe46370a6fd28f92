import ArgumentParser

/// `varve tag`.
struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Give an image another name.",
        discussion: "Example: varve tag busybox:latest mine:v1"
    )

    @Argument(help: "The image.") var source: String
    @Argument(help: "The new name, with or without a tag.") var target: String

    func run() throws {
        let (repository, tag) = splitTag(target)
        let query = [("repo", repository)] + (tag.map { [("tag", $0)] } ?? [])
        try Daemon().ask("POST", imagePath(source, "/tag"), query: query)
    }
}

/// `varve rmi`.
struct Rmi: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmi",
        abstract: "Remove images.",
        discussion: "Example: varve rmi mine:v1\nExample: varve rmi -f 54cc4a9be74c"
    )

    @Flag(name: .shortAndLong, help: "Remove although containers or several names refer to it.") var force = false
    @Flag(name: .customLong("no-prune"), help: "Keep parents that have no name.") var noPrune = false
    @Option(help: "os/arch[/variant] of the only image to remove.") var platform: [String] = []
    @Argument(help: "The images.") var images: [String]

    func run() throws {
        let daemon = try Daemon()
        var query = (force ? [("force", "1")] : []) + (noPrune ? [("noprune", "1")] : [])
        for name in platform { query += try platformQuery(name).map { ("platforms", $0.1) } }
        try each(images, echo: false) { image in
            do {
                for item in try daemon.ask("DELETE", imagePath(image), query: query).elements {
                    if let name = item["Untagged"].string { put("Untagged: \(name)\n") }
                    if let id = item["Deleted"].string { put("Deleted: \(id)\n") }
                }
            } catch let failure as Failure where force && failure.http == 404 {
                warn(failure.message)
            }
        }
    }
}

/// Splits `host:5000/name:tag`.
func splitTag(_ name: String) -> (String, String?) {
    guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/"), !name.contains("@") else {
        return (name, nil)
    }
    return (String(name[..<colon]), String(name[name.index(after: colon)...]))
}
