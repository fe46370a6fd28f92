import ArgumentParser
import DockerAPI
import Glibc
import HTTPClient
import OCI

/// `varve run`.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make a container and run a command in it.",
        discussion: """
            Example: varve run --rm busybox echo hello
            Example: varve run -it --name box -v /srv:/srv:ro busybox sh
            Example: varve run -d --name web busybox httpd -f

            The exit status is the command's; 125: it could not be started, 126: it can't be executed, 127: it was not found.
            """,
        helpNames: .long
    )

    @Flag(name: .shortAndLong, help: "Run in the background and print the container's ID.") var detach = false
    @Option(name: .customLong("detach-keys"), help: "The keys that leave it running: ctrl-p,ctrl-q.") var detachKeys:
        String?
    @Flag(name: .customLong("sig-proxy"), inversion: .prefixedNo, help: "Pass signals on.") var signalProxy = true
    @OptionGroup var options: RunOptions

    func run() throws {
        let (image, command) = try options.imageAndCommand("run")
        let keys = try DetachKeys(flag: detachKeys)
        if options.tty, options.interactive, !detach, isatty(STDIN_FILENO) == 0 {
            throw Failure(message: "the input device is not a TTY", status: 1)
        }
        let daemon = try Daemon()
        let id = try options.create(image, command, attached: !detach, on: daemon)
        guard !detach else {
            try startContainer(id, daemon)
            return put(id + "\n")
        }
        let streams = try options.attachedStreams(true)
        var container = Attachment(
            daemon: daemon,
            id: id,
            isTTY: options.tty,
            usesInput: streams.input,
            keys: keys
        )
        (container.takesOutput, container.takesErrors) = (streams.output, streams.errors)
        let status = try container.run(removed: options.remove, proxiesSignals: signalProxy && !options.tty) {
            try startContainer(id, daemon)
        }
        leave(status)
    }
}

/// Starts a container; Docker's rules tell from the text which status a failure is.
func startContainer(_ id: String, _ daemon: Daemon) throws {
    do {
        try daemon.ask("POST", containerPath(id, "/start"))
    } catch let failure as Failure {
        let missing = [
            "executable file not found", "no such file or directory", "system cannot find the file specified",
        ]
        let refused = ["permission denied", "is a directory"]
        let text = failure.message.lowercased()
        let status: Int32 =
            missing.contains(where: text.contains) ? 127 : refused.contains(where: text.contains) ? 126 : 125
        throw Failure(message: failure.message, status: status, http: failure.http)
    }
}

extension RunOptions {
    /// Makes the container and says its ID.
    func create(_ image: String, _ command: [String], attached: Bool, on daemon: Daemon) throws -> String {
        if let cidfile, access(cidfile, F_OK) == 0 {
            throw Failure(
                message: "container ID file found, make sure the other container isn't running or delete \(cidfile)",
                status: 125
            )
        }
        guard ["always", "missing", "never", nil].contains(pull) else {
            throw Failure(message: "invalid --pull '\(pull ?? "")': it is always, missing or never", status: 125)
        }
        if pull == "always" { try fetch(image, daemon) }
        do { return try create(image, command, attached, daemon) } catch let failure as Failure
            where failure.http == 404 && pull != "never"
            && ["no such image", "does not match the specified platform"].contains(where: {
                failure.message.lowercased().contains($0)
            })
        {
            if !quiet { warn("Unable to find image '\(image)' locally") }
            try fetch(image, daemon)
            return try create(image, command, attached, daemon)
        }
    }

    /// What is said of it is none of the container's output.
    private func fetch(_ image: String, _ daemon: Daemon) throws {
        do {
            try pullImage(try reference(image).tagged, platform: platform, quiet: quiet, on: daemon, to: STDERR_FILENO)
        } catch let failure as Failure { throw Failure(message: failure.message, status: 125, http: failure.http) }
    }

    private func create(_ image: String, _ command: [String], _ attached: Bool, _ daemon: Daemon) throws -> String {
        let query = (name.map { [("name", $0)] } ?? []) + (platform.map { [("platform", $0)] } ?? [])
        let body = try body(image: image, command: command, attached: attached)
        let created = try daemon.ask("POST", "/containers/create", query: query, body: body)
        for warning in created["Warnings"].elements { warn("WARNING: \(shown(warning))") }
        guard let id = created["Id"].string else { throw ClientError.malformed("no Id") }
        if let cidfile { try write(id, to: cidfile) }
        return id
    }

    private func write(_ id: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(message: "failed to create the container ID file \(path)", status: 125)
        }
        put(id, to: descriptor)
        close(descriptor)
    }
}

/// `varve create`.
struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a container without starting it.",
        discussion: "Example: varve create --name box busybox sleep 60",
        helpNames: .long
    )

    @OptionGroup var options: RunOptions

    func run() throws {
        let (image, command) = try options.imageAndCommand("create")
        let daemon = try Daemon()
        put(try options.create(image, command, attached: true, on: daemon) + "\n")
    }
}
