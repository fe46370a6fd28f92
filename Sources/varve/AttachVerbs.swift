import ArgumentParser
import DockerAPI
import Glibc
import HTTPClient

/// `varve start`.
struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start containers.",
        discussion: "Example: varve start box\nExample: varve start -ai box"
    )

    @Flag(name: .shortAndLong, help: "Attach its output; the exit status is the container's.") var attach = false
    @Flag(name: .shortAndLong, help: "Attach its input, too.") var interactive = false
    @Option(name: .customLong("detach-keys"), help: "The keys that leave it running: ctrl-p,ctrl-q.") var detachKeys:
        String?
    @Argument(help: "The containers.") var containers: [String]

    func run() throws {
        let daemon = try Daemon()
        guard attach || interactive else {
            return try each(containers) { try daemon.ask("POST", containerPath($0, "/start")) }
        }
        guard containers.count == 1 else {
            throw Failure(message: "you cannot start and attach multiple containers at once")
        }
        let found = try daemon.ask("GET", containerPath(containers[0], "/json"))
        let id = found["Id"].string ?? containers[0]
        let isTTY = found["Config"]["Tty"].bool ?? false
        let attachment = Attachment(
            daemon: daemon,
            id: id,
            isTTY: isTTY,
            usesInput: interactive && found["Config"]["OpenStdin"].bool == true,
            keys: try DetachKeys(flag: detachKeys)
        )
        let removed = found["HostConfig"]["AutoRemove"].bool ?? false
        leave(try attachment.run(removed: removed, proxiesSignals: !isTTY) { try startContainer(id, daemon) })
    }
}

/// `varve attach`.
struct Attach: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Join a running container's streams.",
        discussion: "Example: varve attach box   (ctrl-p ctrl-q leaves it running)"
    )

    @Flag(name: .customLong("no-stdin"), help: "Only watch.") var noStdin = false
    @Flag(name: .customLong("sig-proxy"), inversion: .prefixedNo, help: "Pass signals on.") var signalProxy = true
    @Option(name: .customLong("detach-keys"), help: "The keys that leave it running: ctrl-p,ctrl-q.") var detachKeys:
        String?
    @Argument(help: "The container.") var container: String

    func run() throws {
        let daemon = try Daemon()
        let found = try daemon.ask("GET", containerPath(container, "/json"))
        guard found["State"]["Running"].bool == true else {
            throw Failure(message: "cannot attach to a stopped container, start it first")
        }
        if found["State"]["Paused"].bool == true {
            throw Failure(message: "cannot attach to a paused container, unpause it first")
        }
        if found["State"]["Restarting"].bool == true {
            throw Failure(message: "cannot attach to a restarting container, wait until it is running")
        }
        let id = found["Id"].string ?? container
        let isTTY = found["Config"]["Tty"].bool ?? false
        let attachment = Attachment(
            daemon: daemon,
            id: id,
            isTTY: isTTY,
            usesInput: !noStdin && found["Config"]["OpenStdin"].bool == true,
            keys: try DetachKeys(flag: detachKeys)
        )
        let waiting = try daemon.open(ClientRequest("POST", containerPath(id, "/wait")))
        var session = try Session(
            daemon: daemon,
            stream: try attachment.attach(),
            isTTY: isTTY,
            usesInput: attachment.usesInput,
            detachKeys: attachment.keys,
            signalPath: signalProxy && !isTTY ? containerPath(id, "/kill") : nil,
            resizePath: containerPath(id, "/resize")
        )
        guard try session.run(started: {}) == .finished else { throw Failure(message: "read escape sequence") }
        leave(try attachment.status(of: waiting))
    }
}

/// `varve exec`.
struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command in a running container.",
        discussion: "Example: varve exec box ls /\nExample: varve exec -it -u 1000 box sh",
        helpNames: .long
    )

    @Flag(name: .shortAndLong, help: "Run it in the background.") var detach = false
    @Flag(name: .shortAndLong, help: "Keep standard input open.") var interactive = false
    @Flag(name: .shortAndLong, help: "Give it a terminal.") var tty = false
    @Flag(help: "All capabilities.") var privileged = false
    @Option(name: .shortAndLong, parsing: .unconditionalSingleValue, help: "An environment variable.") var env:
        [String] = []
    @Option(name: .customLong("env-file"), help: "A file of environment variables.") var envFile: [String] = []
    @Option(name: .shortAndLong, help: "The user.") var user: String?
    @Option(name: .shortAndLong, help: "The folder to start in.") var workdir: String?
    @Option(name: .customLong("detach-keys"), help: "The keys that leave it running: ctrl-p,ctrl-q.") var detachKeys:
        String?
    @Argument(parsing: .captureForPassthrough, help: "The container, and the command to run in it.") var words:
        [String] = []

    func run() throws {
        let words = words.first == "--" ? Array(words.dropFirst()) : words
        if words.first == "--help" { throw CleanExit.helpRequest(Exec.self) }
        guard words.count >= 2, !words[0].hasPrefix("-") else {
            throw Failure(message: "varve exec: requires a container and a command; see varve exec --help")
        }
        if tty, interactive, !detach, isatty(STDIN_FILENO) == 0 {
            throw Failure(message: "the input device is not a TTY")
        }
        let daemon = try Daemon()
        let keys = try DetachKeys(flag: detachKeys)
        let body = try body(Array(words.dropFirst()))
        let answer = try daemon.ask("POST", containerPath(words[0], "/exec"), body: body)
        let id = answer["Id"].string ?? ""
        let start = JSON.object([(key: "Detach", value: .bool(detach)), (key: "Tty", value: .bool(tty))])
        if detach { return _ = try daemon.ask("POST", "/exec/\(id)/start", body: start) }
        let request = ClientRequest("POST", "/exec/\(id)/start", body: .json(Array(start.text().utf8)), upgrades: true)
        var session = try Session(
            daemon: daemon,
            stream: try daemon.open(request).stream,
            isTTY: tty,
            usesInput: interactive,
            detachKeys: keys,
            signalPath: nil,
            resizePath: "/exec/\(id)/resize"
        )
        guard try session.run(started: {}) == .finished else { leave(0) }
        leave(Int32(truncatingIfNeeded: try daemon.ask("GET", "/exec/\(id)/json")["ExitCode"].int ?? 0))
    }

    private func body(_ command: [String]) throws -> JSON {
        let variables = try environment(files: envFile, entries: env)
        return .object([
            (key: "AttachStdin", value: .bool(interactive && !detach)), (key: "AttachStdout", value: .bool(!detach)),
            (key: "AttachStderr", value: .bool(!detach)), (key: "Tty", value: .bool(tty)),
            (key: "Privileged", value: .bool(privileged)), (key: "Env", value: .strings(variables)),
            (key: "User", value: .string(user ?? "")), (key: "WorkingDir", value: .string(workdir ?? "")),
            (key: "Cmd", value: .strings(command)), (key: "DetachKeys", value: .string(detachKeys ?? "")),
        ])
    }
}

/// `varve logs`.
struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what a container has written.",
        discussion: "Example: varve logs -f --tail 10 box"
    )

    @Flag(name: .shortAndLong, help: "Go on until it stops.") var follow = false
    @Flag(name: .shortAndLong, help: "Show when each line was written.") var timestamps = false
    @Flag(help: "Show details.") var details = false
    @Option(name: [.customShort("n"), .long], help: "Only the last lines: a number, or all.") var tail = "all"
    @Option(help: "Only what came after: a time, or 10m.") var since: String?
    @Option(help: "Only what came before.") var until: String?
    @Argument(help: "The container.") var container: String

    func run() throws {
        let daemon = try Daemon()
        let found = try daemon.ask("GET", containerPath(container, "/json"))
        var query = [("stdout", "1"), ("stderr", "1"), ("tail", tail)]
        query += [("follow", follow), ("timestamps", timestamps), ("details", details)].filter(\.1).map { ($0.0, "1") }
        query += [("since", since), ("until", until)].compactMap { item in item.1.map { (item.0, moment($0)) } }
        let response = try daemon.open(
            ClientRequest("GET", containerPath(found["Id"].string ?? container, "/logs"), query: query)
        )
        let isTTY = found["Config"]["Tty"].bool ?? false
        var demultiplexer = Demultiplexer()
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
        defer { room.deallocate() }
        while true {
            let count = try response.read(into: room)
            if count == 0 { return }
            let bytes = UnsafeRawBufferPointer(rebasing: room.prefix(count))
            if isTTY { put(bytes, to: STDOUT_FILENO) } else { try demultiplexer.write(bytes) }
        }
    }

    /// `10m` becomes the moment that long ago; what is a moment stays.
    private func moment(_ text: String) -> String {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()) else { return text }
        return "\(time(nil) - count * unit)"
    }
}
