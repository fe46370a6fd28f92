import ArgumentParser
import Glibc
import HTTPClient

/// `varve load`.
struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Bring images from an archive (docker save, OCI; compressed or not).",
        discussion: "Example: varve load -i busybox.tar\nExample: gunzip -c images.tgz | varve load"
    )

    @Option(name: .shortAndLong, help: "The archive; standard input if absent.") var input: String?
    @Flag(name: .shortAndLong, help: "Say only what was loaded.") var quiet = false
    @Option(help: "os/arch[/variant] of the only image to load.") var platform: String?

    func run() throws {
        let source = try Source(path: input, what: "load")
        let isQuiet = quiet || isatty(STDOUT_FILENO) == 0
        let request = ClientRequest(
            "POST",
            "/images/load",
            query: try [("quiet", isQuiet ? "1" : "0")] + platformQuery(platform),
            body: .stream(type: "application/x-tar", source.read)
        )
        var progress = Progress()
        try progress.show(try Daemon().open(request))
    }
}

/// `varve import`.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make an image of one layer from a tar of a file system.",
        discussion:
            "Example: varve import -c 'CMD [\"sh\"]' rootfs.tar mine:v1\nExample: tar c . | varve import - mine:v1"
    )

    @Option(name: .shortAndLong, help: "A Dockerfile line to apply: CMD, ENV, ENTRYPOINT, …") var change: [String] = []
    @Option(name: .shortAndLong, help: "What the history says.") var message = ""
    @Option(help: "os/arch of the image.") var platform: String?
    @Argument(help: "The tar, its http(s) address, or - for standard input.") var file: String
    @Argument(help: "The image's name.") var name: String?

    func run() throws {
        let isURL = file.hasPrefix("http://") || file.hasPrefix("https://")
        let (repository, tag) = splitTag(name ?? "")
        var query = [
            ("fromSrc", isURL ? file : "-"), ("repo", repository), ("tag", tag ?? ""), ("message", message),
        ]
        query += change.map { ("changes", $0) }
        if let platform { query.append(("platform", platform)) }
        var body = ClientRequest.Body.none
        if !isURL {
            let source = try Source(path: file == "-" ? nil : file, what: "import")
            body = .stream(type: "application/x-tar", source.read)
        }
        let request = ClientRequest("POST", "/images/create", query: query, body: body)
        var progress = Progress()
        try progress.show(try Daemon().open(request))
    }
}

/// `varve save`.
struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Write images as an archive.",
        discussion: "Example: varve save -o busybox.tar busybox:latest\nExample: varve save busybox | gzip >busybox.tgz"
    )

    @Option(name: .shortAndLong, help: "The file to write; standard output if absent.") var output: String?
    @Option(help: "os/arch[/variant] of the only image to write.") var platform: String?
    @Argument(help: "The images.") var images: [String]

    func run() throws {
        let target = try Target(path: output, what: "save")
        let query = try images.map { ("names", $0) } + platformQuery(platform)
        try target.take(try Daemon().open(ClientRequest("GET", "/images/get", query: query)))
    }
}

/// `varve export`.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a container's files as a tar.",
        discussion: "Example: varve export -o box.tar box"
    )

    @Option(name: .shortAndLong, help: "The file to write; standard output if absent.") var output: String?
    @Argument(help: "The container.") var container: String

    func run() throws {
        let target = try Target(path: output, what: "export")
        try target.take(try Daemon().open(ClientRequest("GET", containerPath(container, "/export"))))
    }
}
